using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem audit export</c>: everything, a line of JSON an entry, the oldest first.</summary>
internal static class AuditExportCommand
{
    private const int Page = 1000;

    public static Command Create()
    {
        var sid = TokenCommand.SidArgument();
        sid.Arity = ArgumentArity.ZeroOrOne;
        sid.Description = "Only this account's entries.";
        var after = new Option<long>("--after") { HelpName = "N", Description = "Only entries with a higher number: go on from where an earlier export ended." };
        after.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!long.TryParse(token.Value, System.Globalization.CultureInfo.InvariantCulture, out var n) || n < 0))
            {
                result.AddError("--after is a whole number from 0 on.");
            }
        });
        var data = LocalServer.DataOption();
        var command = new Command("export", "Print every entry as a line of JSON, oldest first.") { sid, after, data };
        command.SetAction(async (parsed, cancel) =>
        {
            var (directory, last) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetValue(after));
            IReadOnlyList<AuditInfo> entries;
            do
            {
                entries = (await LocalServer.AskAsync(directory, c => c.GetAuditAsync(parsed.GetValue(sid), last, Page, cancel))).Entries;
                foreach (var entry in entries)
                {
                    Print.JsonLine(entry);
                    last = entry.Number;
                }
            }
            while (entries.Count == Page);

            return ExitCode.Done;
        });
        return command;
    }
}
