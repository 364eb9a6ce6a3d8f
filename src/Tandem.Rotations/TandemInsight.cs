using Tandem.Client;

namespace Tandem.Rotations;

/// <summary>What a Tandem server tells an account of itself.</summary>
public sealed class TandemInsight
{
    private readonly Uri _server;
    private readonly Func<HttpMessageHandler>? _handler;

    internal TandemInsight(Uri server, Func<HttpMessageHandler>? handler) => (_server, _handler) = (server, handler);

    /// <summary>Both slots: fingerprints, ages, last use.</summary>
    /// <param name="caller">A token of the account, or of its parent.</param>
    /// <param name="sid">The account.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<AccountTokens> GetTokensAsync(HeldToken caller, AccountSid sid, CancellationToken cancel = default) =>
        AskAsync(caller, client => client.GetTokensAsync($"{sid}", cancel));

    /// <summary>The number of the account's newest audit entry; 0 when it has none.</summary>
    internal async Task<long> LastAuditAsync(HeldToken caller, AccountSid sid, CancellationToken cancel)
    {
        var newest = await AskAsync(caller, client => client.GetAuditAsync($"{sid}", limit: 1, cancel: cancel));
        return newest.Entries is [var entry, ..] ? entry.Number : 0;
    }

    /// <summary>
    /// Whether the secondary that is there now was created by a call whose answer this run lost: it is the last create, and every create since
    /// the number that the run had recorded was made with the very token that the run called with, and nobody has used it.
    /// </summary>
    internal async Task<bool> IsOwnOrphanAsync(HeldToken caller, AccountSid sid, long auditBefore, CancellationToken cancel)
    {
        var (tokens, audit) = await AskAsync(caller, async client => (
            await client.GetTokensAsync($"{sid}", cancel),
            await client.GetAuditAsync($"{sid}", auditBefore, 1000, cancel)));
        var isParent = caller.Sid != sid;
        return tokens.Secondary is { LastUse: null } secondary
            && audit.Entries.Where(e => e.Action is "secondary_created").ToList() is [.., var last] created
            && created.TrueForAll(e => isParent ? e.Actor.StartsWith($"{caller.Sid} ", StringComparison.Ordinal) : string.Equals(e.Actor, $"{caller.Sid} primary", StringComparison.Ordinal))
            && string.Equals(last.Fingerprint, secondary.Fingerprint, StringComparison.Ordinal);
    }

    /// <summary>Whether anybody still needs the old token. Asked with the new one; such questions are no use that the server counts.</summary>
    internal async Task<UseVerdict> JudgeAsync(HeldToken token, DateTimeOffset now, CancellationToken cancel)
    {
        var readiness = await AskAsync(token, client => client.GetReadinessAsync($"{token.Sid}", cancel));
        var inTheWay = readiness.Consumers.Where(c => c.Standing is "on_old" or "silent").Select(c => Describe(c, now)).ToList();
        var moved = readiness.Consumers.Count(c => c.Standing is "moved");
        return readiness.State switch
        {
            "moved" => new(UseState.Moved, $"{Consumers(moved)} moved, and the primary is quiet for {Durations.Show(TimeSpan.FromSeconds(readiness.QuietSeconds))}", []),
            "not_yet" => new(UseState.NotYet, $"{Consumers(readiness.Consumers.Count(c => c.Standing is "on_old"))} used the primary in the last {Durations.Show(TimeSpan.FromSeconds(readiness.QuietSeconds))}", inTheWay),
            _ => new(UseState.Unknown, Why(readiness, now), inTheWay),
        };
    }

    /// <summary>Whether the account's promote guard is on: then nothing but a forced promote gets by while not everyone is seen to have moved.</summary>
    internal async Task<bool> IsGuardedAsync(HeldToken token, CancellationToken cancel) =>
        (await GetTokensAsync(token, token.Sid, cancel)).PromoteGuard is "enforce";

    /// <summary>Tells how a rotation stands.</summary>
    internal Task TellAsync(HeldToken caller, AccountSid sid, RotationUpdate update, CancellationToken cancel) =>
        AskAsync(caller, client => client.TellRotationAsync($"{sid}", update, cancel));

    /// <summary>The last rotation that the server was told of; null when there is none, or the server is one that is told of none.</summary>
    internal async Task<RotationInfo?> GetRotationAsync(HeldToken caller, AccountSid sid, CancellationToken cancel)
    {
        try
        {
            return await AskAsync(caller, client => client.GetRotationAsync($"{sid}", cancel));
        }
        catch (TandemException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Promotes although the guard refuses.</summary>
    internal Task PromoteByForceAsync(HeldToken secondary) => AsOnTwiliosPathsAsync(
        secondary, client => client.PromoteAsync($"{secondary.Sid}", new() { Force = true, Reason = "tandem rotate was told to promote at once" }));

    /// <summary>Creates a subaccount's secondary with its parent's token.</summary>
    internal async Task<HeldToken> CreateAsync(HeldToken parent, AccountSid sid)
    {
        var created = await AsOnTwiliosPathsAsync(parent, client => client.CreateSecondaryAsync($"{sid}"));
        return HeldToken.Known(sid, created.AuthToken);
    }

    /// <summary>Deletes a subaccount's secondary with its parent's token.</summary>
    internal Task DeleteAsync(HeldToken parent, AccountSid sid) => AsOnTwiliosPathsAsync(parent, async client =>
    {
        await client.DeleteSecondaryAsync($"{sid}");
        return true;
    });

    /// <summary>What went wrong is told as Twilio's paths tell it.</summary>
    private async Task<T> AsOnTwiliosPathsAsync<T>(HeldToken caller, Func<TandemClient, Task<T>> ask)
    {
        try
        {
            return await AskAsync(caller, ask);
        }
        catch (TandemException e)
        {
            throw new TwilioException(e.Status, 0, e.Message, e) { NotSent = e.Kind is TandemException.NotRunning, IsFromApi = e.IsFromApi, RetryAfter = e.RetryAfter };
        }
    }

    private static string Why(ReadinessInfo readiness, DateTimeOffset now) => readiness.Reason switch
    {
        "no_consumer_seen" => "the server has seen nobody use the primary, so it cannot tell who would miss it",
        "silent_consumers" => $"{Consumers(readiness.Consumers.Count(c => c.Standing is "silent"))} used the primary last and may come back with it",
        "too_many_consumers" => "the account has more consumers than the server can distinguish, and some of the others used the primary",
        "gap" => $"calls may have gone uncounted{(readiness.Until is { } until && until > now ? $", which counts for another {Durations.Show(until - now)}" : "")}",
        _ => "the server cannot tell who uses which token",
    };

    private static string Consumers(int number) => $"{number} consumer{(number == 1 ? "" : "s")}";

    private static string Describe(ConsumerInfo consumer, DateTimeOffset now)
    {
        var last = consumer.Primary?.LastUse is { } at ? $", last on the primary {Durations.Show(now > at ? now - at : TimeSpan.Zero)} ago" : "";
        var expected = consumer.ExpectedAt is { } due ? due > now ? $", expected in {Durations.Show(due - now)}" : $", overdue since {Durations.Show(now - due)}" : "";
        return $"{consumer.Name ?? consumer.Label}{(consumer.Network is null ? "" : $" ({consumer.Network})")}{last}{expected}";
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
internal sealed record UseVerdict(UseState State, string Why, IReadOnlyList<string> InTheWay)
{
    /// <summary>Whether the server refuses to promote until everyone has moved, whatever the plan requires.</summary>
    public bool IsGuarded { get; init; }
}
