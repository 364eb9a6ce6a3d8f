using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Usage;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/accounts/{sid}/usage</c> and <c>late-use</c>: what was counted.</summary>
internal static class TandemUsageApi
{
    public static async Task Show(HttpContext http)
    {
        if (await TandemApi.ReadAsync(http) is not { } moment)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
            return;
        }

        var (account, report, _) = moment;
        var usage = new AccountUsageInfo
        {
            AccountSid = account.Sid.ToString(),
            Generation = account.Generation,
            At = Time(report.At),
            IsCounting = TandemApi.Get<TandemOptions>(http).CountUsage,
            CountingSince = Time(report.CountingSince),
            GapUntil = Time(Math.Max(report.GapUntil, report.Usage?.GapUntil ?? 0)),
            Gaps = [.. report.Gaps.Select(Describe)],
            Dropped = TandemApi.Get<UsageRecorder>(http).Counters.Dropped,
            Primary = Describe(account.Primary, report, Slot.Primary),
            Secondary = Describe(account.Secondary, report, Slot.Secondary),
        };
        await WriteAsync(http, StatusCodes.Status200OK, usage, TandemJson.Default.AccountUsageInfo);
    }

    public static async Task ShowLate(HttpContext http)
    {
        if (await TandemApi.ReadAsync(http) is not { } moment)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
            return;
        }

        var (uses, next) = ListPage.Of(http, moment.Report.LateUses);
        var list = new LateUseList
        {
            AccountSid = moment.Account.Sid.ToString(),
            IsNoted = TandemApi.Get<TandemOptions>(http).LateUse,
            Entries = [.. uses.Select(use => new LateUseInfo
            {
                Fingerprint = use.Tombstone.Fingerprint.ToString(),
                RetiredAt = Time(use.Tombstone.RetiredAt),
                Consumer = TandemConsumersApi.Identify(use.Caller, moment.Decisions),
                FirstUse = Time(use.First),
                LastUse = Time(use.Last),
                Calls = use.Calls,
            })],
            NextAfter = next,
        };
        await WriteAsync(http, StatusCodes.Status200OK, list, TandemJson.Default.LateUseList);
    }

    /// <summary>Whole seconds since 1970 as a time.</summary>
    internal static DateTimeOffset Time(uint second) => DateTimeOffset.FromUnixTimeSeconds(second);

    /// <summary>First and last call, and how many.</summary>
    internal static UseInfo Describe(TokenUse use) => new()
    {
        FirstUse = use.Calls == 0 ? null : Time(use.First),
        LastUse = use.Calls == 0 ? null : Time(use.Last),
        Calls = use.Calls,
    };

    private static TokenUsageInfo? Describe(StoredToken? token, UsageReport report, Slot slot)
    {
        if (token is null)
        {
            return null;
        }

        var (all, control) = report.Usage is { } usage ? (usage.Total(slot), usage.Control(slot)) : (new(), new());
        return new()
        {
            Fingerprint = token.Fingerprint.ToString(),
            FirstUse = Describe(all).FirstUse,
            LastUse = Describe(all).LastUse,
            Calls = all.Calls,
            ByMinute = Describe(all.Minutes.Until(report.At)),
            ByHour = Describe(all.Hours.Until(report.At)),
            ByDay = Describe(all.Days.Until(report.At)),
            Control = Describe(control),
        };
    }

    private static List<PeriodCalls> Describe(IEnumerable<PeriodCount> periods) =>
        [.. periods.Select(p => new PeriodCalls { Start = Time(p.Start), Calls = p.Calls })];

    private static UsageGapInfo Describe(UsageGap gap) => new()
    {
        Began = Time(gap.Began),
        Ended = Time(gap.Ended),
        Reason = WireName.Of(gap.Reason),
        Calls = gap.Calls,
    };
}
