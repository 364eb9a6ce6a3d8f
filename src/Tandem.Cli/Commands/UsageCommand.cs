using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem usage</c>.</summary>
internal static class UsageCommand
{
    public static Command Create()
    {
        var sid = TokenCommand.SidArgument();
        var late = new Option<bool>("--late") { Description = "Show who still calls with retired tokens instead." };
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("usage", "Show how much each token is used, and what is missing from the counts.") { sid, late, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (directory, account) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetRequiredValue(sid));
            if (parsed.GetValue(late))
            {
                Show(await LocalServer.AskAsync(directory, c => c.GetLateUseAsync(account, cancel)), format.Of(parsed));
            }
            else
            {
                Show(await LocalServer.AskAsync(directory, c => c.GetUsageAsync(account, cancel)), format.Of(parsed));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Show(AccountUsageInfo usage, OutputFormat format)
    {
        Output.Write(format, usage,
        [
            ["SLOT", "TOKEN", "LAST HOUR", "LAST 24 HOURS", "ALL CALLS", "FIRST", "LAST", "CONTROL CALLS"],
            Row("primary", usage.Primary, usage.At),
            Row("secondary", usage.Secondary, usage.At),
        ]);
        Console.Error.WriteLine(usage.IsCounting ? $"counting since {Print.Time(usage.CountingSince)}" : "counting is switched off (TANDEM_USAGE): no verdict is better than unknown");
        foreach (var gap in usage.Gaps)
        {
            Console.Error.WriteLine(
                $"gap from {Print.Time(gap.Began)} to {Print.Time(gap.Ended)}: {Why(gap.Reason)}{(gap.Calls > 0 ? $"; {gap.Calls} calls of all accounts are missing" : "")}");
        }
    }

    private static void Show(LateUseList late, OutputFormat format)
    {
        Output.Write(format, late,
        [
            ["TOKEN", "RETIRED", "CONSUMER", "REFUSED CALLS", "FIRST", "LAST"],
            .. late.Entries.Select(e => new[]
            {
                e.Fingerprint, Print.Time(e.RetiredAt), e.Consumer.Name ?? e.Consumer.Label, $"{e.Calls}",
                e.FirstUse is { } first ? Print.Time(first) : "-", e.LastUse is { } last ? Print.Time(last) : "-",
            }),
        ]);
        if (!late.IsNoted)
        {
            Console.Error.WriteLine("late use is not noted (TANDEM_LATE_USE is off)");
        }
    }

    private static string[] Row(string slot, TokenUsageInfo? use, DateTimeOffset now) => use is null ? [slot, "none", "-", "-", "-", "-", "-", "-"] :
    [
        slot,
        use.Fingerprint,
        $"{Sum(use.ByMinute)}",
        $"{Sum(use.ByHour.Where(h => h.Start > now - TimeSpan.FromHours(24)))}",
        $"{use.Calls}",
        Time(use.FirstUse),
        Time(use.LastUse),
        $"{use.Control.Calls}",
    ];

    private static ulong Sum(IEnumerable<PeriodCalls> periods) => periods.Aggregate(0UL, (sum, p) => sum + p.Calls);

    private static string Time(DateTimeOffset? at) => at is { } time ? Print.Time(time) : "never";

    private static string Why(string reason) => reason switch
    {
        "unclean_stop" => "the server ended without writing what it had counted",
        "dropped" => "calls came faster than they could be counted",
        "counting_off" => "counting was switched off",
        _ => "what had been counted could not be read",
    };
}
