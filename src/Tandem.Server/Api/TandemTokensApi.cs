using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Usage;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/accounts/{sid}/tokens</c>: what can be told of both tokens, and the three changes.</summary>
internal static class TandemTokensApi
{
    private static readonly string ReasonRule =
        $"A forced promote takes a reason: it is kept in the audit. "
        + $"reason has at most {AuditDraft.ReasonLimit} characters, {VisibleText.Rule}.";

    public static async Task Show(HttpContext http)
    {
        var sid = TandemApi.Sid(http);
        var account = await TandemApi.FindAsync(http, sid);
        if (account is null)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
            return;
        }

        var (primaryLastUse, secondaryLastUse) = TandemApi.Get<VerifierIndex>(http).LastUses(account);
        var now = TandemApi.Get<TimeProvider>(http).GetUtcNow();
        var tokens = new AccountTokens
        {
            AccountSid = sid.ToString(),
            Generation = account.Generation,
            PromoteGuard = account.PromoteGuard.Name(),
            PrimaryPausedUntil = TandemApi.Get<TimeProvider>(http).ToCalendar(account.PrimaryPausedUntil),
            Primary = Describe(account.Primary, primaryLastUse, now),
            Secondary = Describe(account.Secondary, secondaryLastUse, now) is not { } secondary ? null
                : secondary with { Forgotten = TandemApi.Get<ForgottenSecondaries>(http).Has(secondary.DateCreated) },
        };
        await WriteAsync(http, StatusCodes.Status200OK, tokens, TandemJson.Default.AccountTokens);
    }

    public static async Task CreateSecondary(HttpContext http)
    {
        var outcome = await TandemApi.Get<Rotation>(http)
            .CreateSecondaryAsync(TandemApi.CallerOf(http), TandemApi.Sid(http), TandemApi.Context(http));
        using var created = outcome.Value;
        if (created is null)
        {
            await WriteAsync(http, Of(outcome.Error));
            return;
        }

        http.Features.Set(Committed.Mark);
        var secondary = created.Account.Secondary!;
        var answer = new SecondaryCreatedInfo
        {
            AccountSid = created.Account.Sid.ToString(),
            Generation = created.Account.Generation,
            Fingerprint = secondary.Fingerprint.ToString(),
            DateCreated = secondary.DateCreated,
            AuthToken = created.Token.Reveal(),
        };
        await WriteAsync(http, StatusCodes.Status201Created, answer, TandemJson.Default.SecondaryCreatedInfo);
    }

    public static async Task DeleteSecondary(HttpContext http)
    {
        var outcome = await TandemApi.Get<Rotation>(http)
            .DeleteSecondaryAsync(TandemApi.CallerOf(http), TandemApi.Sid(http), TandemApi.Context(http));
        if (outcome.Error != ErrorKind.None)
        {
            await WriteAsync(http, Of(outcome.Error));
            return;
        }

        http.Features.Set(Committed.Mark);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public static async Task Promote(HttpContext http)
    {
        var sid = TandemApi.Sid(http);
        var asked = await ReadAsync(http, TandemJson.Default.PromoteRequest);
        var outcome = await TandemApi.Get<Rotation>(http).PromoteAsync(
            TandemApi.CallerOf(http), sid, TandemApi.Context(http), new(asked.Generation, asked.Force, asked.Reason));
        using var promoted = outcome.Value;
        if (promoted is null)
        {
            await WriteAsync(http, outcome.Error == ErrorKind.InvalidInput ? Invalid(ReasonRule)
                : outcome.Error != ErrorKind.NotReady ? Of(outcome.Error)
                : Of(ErrorKind.NotReady) with { Detail = await TandemApi.Get<ReadinessJudge>(http).ExplainAsync(sid) });
            return;
        }

        http.Features.Set(Committed.Mark);
        var primary = promoted.Account.Primary!;
        var answer = new PromotedInfo
        {
            AccountSid = sid.ToString(),
            Generation = promoted.Account.Generation,
            Fingerprint = primary.Fingerprint.ToString(),
            DateCreated = primary.DateCreated,
            DatePromoted = promoted.At,
        };
        await WriteAsync(http, StatusCodes.Status200OK, answer, TandemJson.Default.PromotedInfo);
    }

    public static async Task Pause(HttpContext http)
    {
        var asked = await ReadAsync(http, TandemJson.Default.PauseRequest);
        var (shortest, longest) = ((int)Rotation.ShortestPause.TotalSeconds, (int)Rotation.LongestPause.TotalSeconds);
        if (asked.Seconds < shortest || asked.Seconds > longest)
        {
            throw new TandemRefusal(Invalid($"seconds is a number from {shortest} to {longest}."));
        }

        await ShowChangedAsync(http, await TandemApi.Get<Rotation>(http).PausePrimaryAsync(
            TandemApi.CallerOf(http), TandemApi.Sid(http), TimeSpan.FromSeconds(asked.Seconds), TandemApi.Context(http)));
    }

    public static async Task Resume(HttpContext http) => await ShowChangedAsync(http, await TandemApi.Get<Rotation>(http)
        .ResumePrimaryAsync(TandemApi.CallerOf(http), TandemApi.Sid(http), TandemApi.Context(http)));

    public static async Task SetGuard(HttpContext http)
    {
        var asked = await ReadAsync(http, TandemJson.Default.PromoteGuardRequest);
        var guard = Enum.GetValues<PromoteGuard>().Cast<PromoteGuard?>().FirstOrDefault(g => string.Equals(g!.Value.Name(), asked.PromoteGuard, StringComparison.Ordinal))
            ?? throw new TandemRefusal(Invalid("promote_guard is off or enforce."));
        await ShowChangedAsync(http, await TandemApi.Get<AccountLifecycle>(http)
            .GuardAsync(TandemApi.CallerOf(http), TandemApi.Sid(http), guard, TandemApi.Context(http)));
    }

    private static async Task ShowChangedAsync(HttpContext http, Outcome<Account> outcome)
    {
        if (outcome.Error != ErrorKind.None)
        {
            await WriteAsync(http, Of(outcome.Error));
            return;
        }

        http.Features.Set(Committed.Mark);
        await Show(http);
    }

    /// <summary>What the wire calls it.</summary>
    private static TokenInfo? Describe(StoredToken? token, DateTimeOffset? lastUse, DateTimeOffset now) => token is null ? null : new()
    {
        Fingerprint = token.Fingerprint.ToString(),
        DateCreated = token.DateCreated,
        AgeSeconds = Math.Max(0, (long)(now - token.DateCreated).TotalSeconds),
        LastUse = lastUse,
    };
}
