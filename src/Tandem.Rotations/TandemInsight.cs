using Tandem.Client;

namespace Tandem.Rotations;

/// <summary>What a Tandem server tells an account of itself.</summary>
public sealed class TandemInsight
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMinutes(10);

    private readonly Uri _server;
    private readonly Func<HttpMessageHandler>? _handler;

    internal TandemInsight(Uri server, Func<HttpMessageHandler>? handler) => (_server, _handler) = (server, handler);

    /// <summary>Both slots: fingerprints, ages, last use.</summary>
    public Task<AccountTokens> GetTokensAsync(HeldToken token, CancellationToken cancel = default) =>
        AskAsync(token, client => client.GetTokensAsync(token.Sid, cancel));

    /// <summary>The number of the account's newest audit entry; 0 when it has none.</summary>
    internal async Task<long> LastAuditAsync(HeldToken token, CancellationToken cancel)
    {
        var newest = await AskAsync(token, client => client.GetAuditAsync(token.Sid, limit: 1, cancel: cancel));
        return newest.Entries is [var entry, ..] ? entry.Number : 0;
    }

    /// <summary>
    /// Whether the secondary that is there now was created by a call whose answer this run lost: it is the last create, and every create since
    /// the number that the run had recorded was made with the very token that the run called with, and nobody has used it.
    /// </summary>
    internal async Task<bool> IsOwnOrphanAsync(HeldToken caller, long auditBefore, CancellationToken cancel)
    {
        var (tokens, audit) = await AskAsync(caller, async client => (
            await client.GetTokensAsync(caller.Sid, cancel),
            await client.GetAuditAsync(caller.Sid, auditBefore, 1000, cancel)));
        return tokens.Secondary is { LastUse: null } secondary
            && audit.Entries.Where(e => e.Action is "secondary_created").ToList() is [.., var last] created
            && created.TrueForAll(e => string.Equals(e.Actor, $"{caller.Sid} primary", StringComparison.Ordinal))
            && string.Equals(last.Fingerprint, secondary.Fingerprint, StringComparison.Ordinal);
    }

    /// <summary>Whether anybody still needs the old token, as far as the server can tell. Asked with the new one, so that the question is no use of the old.</summary>
    internal async Task<UseVerdict> JudgeAsync(HeldToken token, DateTimeOffset now, CancellationToken cancel)
    {
        var tokens = await GetTokensAsync(token, cancel);
        return tokens.Primary?.LastUse is { } last && now - last < s_quiet
            ? new(UseState.NotYet, $"the primary was used {Durations.Show(now - last)} ago", [$"somebody who used {tokens.Primary.Fingerprint} {Durations.Show(now - last)} ago"])
            : new(UseState.Unknown, "the server does not tell who uses which token", []);
    }

    private async Task<T> AskAsync<T>(HeldToken token, Func<TandemClient, Task<T>> ask)
    {
        using var client = TandemClient.OverHttp(_server, token.Credential(), _handler?.Invoke());
        return await ask(client);
    }
}

/// <summary>Whether anybody still needs the old token.</summary>
internal enum UseState
{
    /// <summary>It cannot be told.</summary>
    Unknown,

    /// <summary>Somebody does.</summary>
    NotYet,

    /// <summary>Everyone who used it has since been seen on the new one.</summary>
    Moved,
}

/// <summary>What is known of the old token's use.</summary>
/// <param name="State">The verdict.</param>
/// <param name="Why">What it rests on, half a sentence.</param>
/// <param name="InTheWay">Who breaks, or may, when the old token is ended now; a line each.</param>
internal sealed record UseVerdict(UseState State, string Why, IReadOnlyList<string> InTheWay);
