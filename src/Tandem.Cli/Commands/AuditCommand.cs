using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem audit</c>.</summary>
internal static class AuditCommand
{
    /// <summary>How often <c>--follow</c> asks.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var sid = TokenCommand.SidArgument();
        sid.Arity = ArgumentArity.ZeroOrOne;
        sid.Description = "Only this account's entries.";
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens from now, until Ctrl-C." };
        var limit = new Option<int>("--limit", "-n") { HelpName = "N", Description = "How many of the newest to show.", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, System.Globalization.CultureInfo.InvariantCulture, out var n) || n is < 1 or > 1000))
            {
                result.AddError("--limit is a number from 1 to 1000.");
            }
        });
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("audit", "Show what was done, by whom, to which account. Oldest first, as it happened.") { sid, follow, limit, data };
        format.AddTo(command);
        command.Add(AuditVerifyCommand.Create());
        command.Add(AuditExportCommand.Create());
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            Action<AuditInfo> print = format.Of(parsed) switch { OutputFormat.Json => Print.JsonLine, OutputFormat.Tsv => PrintTabbed, _ => PrintRow };
            var newest = await LocalServer.AskAsync(directory, c => c.GetAuditAsync(parsed.GetValue(sid), limit: parsed.GetValue(limit), cancel: cancel));
            if (format.Of(parsed) == OutputFormat.Tsv)
            {
                Print.TabbedLine(["NUMBER", "AT", "ACCOUNT", "ACTION", "FINGERPRINT", "ACTOR", "SOURCE", "CONSUMER", "DETAIL"]);
            }

            var last = newest.Entries is [var first, ..] ? first.Number : 0;
            foreach (var entry in newest.Entries.Reverse())
            {
                print(entry);
            }

            while (parsed.GetValue(follow))
            {
                await Task.Delay(s_pause, cancel);
                var later = await LocalServer.AskAsync(directory, c => c.GetAuditAsync(parsed.GetValue(sid), last, 1000, cancel));
                foreach (var entry in later.Entries)
                {
                    print(entry);
                    last = entry.Number;
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void PrintTabbed(AuditInfo entry) => Print.TabbedLine(
    [
        $"{entry.Number}", Print.Time(entry.At), entry.AccountSid ?? "-", entry.Action, entry.Fingerprint ?? "-", entry.Actor, entry.Source, entry.Consumer ?? "-", entry.Detail ?? "-",
    ]);

    private static void PrintRow(AuditInfo entry) => Console.Out.WriteLine(
        $"{Print.Time(entry.At)}  {entry.AccountSid ?? "-",-34}  {entry.Action,-18}  {entry.Fingerprint ?? "-",-4}  by {entry.Actor} from {entry.Source}"
        + $"{(entry.Consumer is { } consumer ? $"  consumer {consumer}" : "")}{(entry.Detail is { } detail ? $"  ({detail})" : "")}");
}
