using Microsoft.AspNetCore.Http;
using Tandem.Server.Usage;

namespace Tandem.Server.Console;

/// <summary>What is known of an account at one moment.</summary>
public sealed record AccountView
{
    /// <summary>The account.</summary>
    public required Account Account { get; init; }

    /// <summary>Whether the primary may be ended, and who uses what.</summary>
    public required Readiness Readiness { get; init; }

    /// <summary>What was counted.</summary>
    public required UsageReport Report { get; init; }

    /// <summary>The last use of the primary on any path; null when none was seen.</summary>
    public required DateTimeOffset? PrimaryLastUse { get; init; }

    /// <summary>The last use of the secondary, likewise.</summary>
    public required DateTimeOffset? SecondaryLastUse { get; init; }

    /// <summary>For how long the primary must not have been used.</summary>
    public required TimeSpan QuietTime { get; init; }

    /// <summary>When this was true.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Until when the check refuses the primary; null when it does not.</summary>
    public required DateTimeOffset? PausedUntil { get; init; }

    /// <summary>Whether a promote would be refused unless forced.</summary>
    public bool IsGuarded => Account.PromoteGuard == PromoteGuard.Enforce && Readiness.State != ReadinessState.Moved;

    /// <summary>Those whom a promote would or may break.</summary>
    public IEnumerable<ConsumerVerdict> InTheWay => Readiness.Consumers.Where(c => c.Standing is ConsumerStanding.OnOld or ConsumerStanding.Silent);

    /// <summary>The first call with a token of now that was counted as evidence; null when none was.</summary>
    /// <param name="slot">Which token.</param>
    public DateTimeOffset? FirstUse(Slot slot) =>
        Readiness.Consumers.Select(c => slot == Slot.Primary ? c.Use.Primary : c.Use.Secondary).OfType<TokenUse>().Select(u => u.First).DefaultIfEmpty().Min() is > 0 and var first
            ? DateTimeOffset.FromUnixTimeSeconds(first)
            : null;

    /// <summary>Reads the account named in the path; null when there is none, and then that is answered already.</summary>
    internal static async Task<AccountView?> ReadAsync(PageRequest page)
    {
        if (!AccountSid.TryParse(page.Route("sid").AsSpan(), out var sid)
            || await page.Get<AccountMoments>().ReadAsync(sid, page.Http.RequestAborted) is not { } moment)
        {
            await page.FailAsync(StatusCodes.Status404NotFound);
            return null;
        }

        var (primaryLastUse, secondaryLastUse) = page.Get<VerifierIndex>().LastUses(moment.Account);
        return new()
        {
            Account = moment.Account,
            Readiness = page.Get<ReadinessJudge>().Judge(moment),
            Report = moment.Report,
            PrimaryLastUse = primaryLastUse,
            SecondaryLastUse = secondaryLastUse,
            QuietTime = page.Get<TandemOptions>().QuietTime,
            Now = page.Now,
            PausedUntil = page.Get<TimeProvider>().ToCalendar(moment.Account.PrimaryPausedUntil),
        };
    }
}

/// <summary>Where the pages about one account are.</summary>
internal static class AccountPaths
{
    public static string Of(AccountSid sid) => $"{ConsolePaths.Accounts}/{sid}";

    public static string Of(AccountSid sid, string page) => $"{ConsolePaths.Accounts}/{sid}/{page}";

    /// <summary>What people call the account; clients may have left the name empty.</summary>
    public static string NameOf(Account account) => PhraseOf(account) is { Length: > 0 } name ? name : "Account without a name";

    /// <summary>What is to be typed before something is done to it that breaks things: the name as it looks, else the SID.</summary>
    public static string TypedFor(Account account) => PhraseOf(account) is { Length: > 0 } name ? name : account.Sid.ToString();

    private static string PhraseOf(Account account) => string.Join(' ', account.FriendlyName.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
