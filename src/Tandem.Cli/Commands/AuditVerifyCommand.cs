using System.CommandLine;
using System.Globalization;
using Tandem.Client;
using Tandem.Server;
using Tandem.Storage;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem audit verify</c>: through the server that runs, else on the files.</summary>
internal static class AuditVerifyCommand
{
    private const string NoAnchor = "There was no anchor to compare with, so newer entries could have been cut off unseen, together with the database's own notes of them. Name it: TANDEM_ANCHOR_FILE=FILE; if there is none, the next start makes one.";

    public static Command Create()
    {
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("verify", "Compute every link of the trail again. Names the first entry that was altered or is missing; then the exit code is 7.") { data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var found = await LocalServer.AskIfRunningAsync(directory, c => c.VerifyAuditAsync(cancel)) ?? VerifyFiles(directory);
            if (found.Break is null || format.Of(parsed) != OutputFormat.Table)
            {
                Output.WriteSentence(format.Of(parsed), found, TandemJson.Default.AuditVerificationInfo, Describe(found), Fields(found));
            }

            return found.Break is { } broken ? throw new CommandException(ExitCode.Verification, Describe(found, broken)) : ExitCode.Done;
        });
        return command;
    }

    private static (string Name, string Value)[] Fields(AuditVerificationInfo found) =>
    [
        ("intact", found.Intact ? "yes" : "no"),
        ("entries", found.Entries.ToString(CultureInfo.InvariantCulture)),
        ("last", found.Last.ToString(CultureInfo.InvariantCulture)),
        ("cut_up_to", found.CutUpTo?.ToString(CultureInfo.InvariantCulture) ?? "-"),
        ("compared_with_anchor", found.ComparedWithAnchor ? "yes" : "no"),
        ("break", found.Break?.Number.ToString(CultureInfo.InvariantCulture) ?? "-"),
        ("kind", found.Break?.Kind ?? "-"),
    ];

    private static AuditVerificationInfo VerifyFiles(string directory)
    {
        try
        {
            return OfflineTrail.Verify(directory, Settings.RootKeyPath(), Settings.FilePath(Settings.AnchorFile));
        }
        catch (Exception e) when (e is StartException or StoreException)
        {
            throw new CommandException(ExitCode.Precondition, e.Message, e);
        }
    }

    private static string Describe(AuditVerificationInfo found)
    {
        var cut = found is { CutUpTo: { } last, CutUpToAt: { } at }
            ? Invariant($" Those up to {last} ({Print.Time(at)}) were cut off by --audit-retention.")
            : "";
        var anchor = found.ComparedWithAnchor ? "" : $"\n{NoAnchor}";
        return Invariant($"The audit trail is whole: {found.Entries} entries, up to {found.Last}.{cut}{anchor}");

        static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    private static string Describe(AuditVerificationInfo found, AuditBreakInfo broken) => string.Create(
        CultureInfo.InvariantCulture,
        $"The audit trail is not as it was written. Entry {broken.Number}{(broken.At is { } at ? $" ({Print.Time(at)})" : "")}: {broken.Detail}. The {found.Entries} before it are whole. Somebody has written to the database past the server, or the disk has failed: keep the file, and compare with a backup from before.");
}
