using System.Runtime.CompilerServices;
using Tandem.Rotations;
using Tandem.Server;

namespace Tandem.Cli.Doctor;

/// <summary>The anchor: whether it is there, would outlive a restore of the data directory, can be added to by the server, and is the server's alone.</summary>
internal sealed class AnchorCheckup : ICheckup
{
    private const string Check = "anchor";

    /// <summary>EWOULDBLOCK of Linux, which the base library puts into the exception.</summary>
    private const int WouldBlock = 11;

    private const UnixFileMode OthersRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        if (!File.Exists(Path.Combine(subject.Directory, "tandem.db")))
        {
            yield break; // the first start makes both
        }

        var directory = DataDirectory.OpenExisting(subject.Directory);
        var path = directory.AnchorFile(subject.Options.AnchorFile);
        foreach (var finding in Path.Exists(path) ? Examine(directory, path) : [Missing(path, subject.Server is not null, subject.Options.RequireAnchor)])
        {
            yield return finding;
        }
    }

    private static Finding Missing(string path, bool serverRuns, bool isRequired) => isRequired ? Finding.Fail(
        Check,
        $"{path} is not there, although there is a database, and TANDEM_REQUIRE_ANCHOR is set. The server does not start.",
        "put the file back, or say where it is: TANDEM_ANCHOR_FILE=FILE") : Finding.Warn(
        Check,
        $"{path} is not there, although there is a database. {(serverRuns ? "The running server adds to another one, or to one that was removed: " : "")}The next start makes a new one, and cannot tell whether the database is an older copy, in which retired tokens are valid.",
        "put the file back, or say where it is: TANDEM_ANCHOR_FILE=FILE");

    private static IEnumerable<Finding> Examine(DataDirectory directory, string path)
    {
        var (isRight, mode) = (true, File.GetUnixFileMode(path));
        foreach (var finding in ((Finding?[])[Modes(path, mode), Unwritable(directory, path), Inside(directory, path)]).OfType<Finding>())
        {
            isRight = false;
            yield return finding;
        }

        if (isRight)
        {
            var together = FileOwner.Of(path)?.Device == FileOwner.Of(directory.Root)?.Device;
            yield return Finding.Ok(Check, $"{path}, mode {FilesCheckup.Octal(mode)}, apart from the data directory{(together ? "; they are on one file system, and who restores all of that restores both" : "")}.");
        }
    }

    private static Finding? Modes(string path, UnixFileMode mode)
    {
        var close = $"chmod 600 {Shell.Quote(path)}";
        return (mode & OthersWrite) != UnixFileMode.None ? Finding.Fail(Check, $"{path} has mode {FilesCheckup.Octal(mode)}: others may write to it, so it proves nothing. The server does not start.", close)
            : (mode & OthersRead) != UnixFileMode.None ? Finding.Warn(Check, $"{path} has mode {FilesCheckup.Octal(mode)}: others may read which accounts' tokens were retired, and when. There is no token in it.", close)
            : null;
    }

    /// <summary>The server's user is the owner of the data directory; root may look at it for them, and is kept from writing by less.</summary>
    private static Finding? Unwritable(DataDirectory directory, string path)
    {
        if (FileOwner.Of(path) is { } owner && FileOwner.Of(directory.Root) is { User: not 0 } server && owner.User != server.User)
        {
            return Finding.Fail(Check, $"{path} belongs to user {owner.User}, and the server's is user {server.User}, who may not write to it. The server does not start.", $"chown {server.User} {Shell.Quote(path)}");
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return null;
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            return null; // a server has it open, to write to it
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Fail(Check, $"this user may not write to {path} ({e.Message.TrimEnd('.')}). The server does not start.", "let the server's user write to it, or name another file: TANDEM_ANCHOR_FILE=FILE");
        }
    }

    private static Finding? Inside(DataDirectory directory, string path) => !directory.Holds(path) ? null : Finding.Warn(
        Check,
        $"{path} lies in the data directory: whoever restores an older copy of the directory restores it too, and nobody is told that retired tokens live again.",
        "stop the server, move it elsewhere, then start with TANDEM_ANCHOR_FILE=FILE");
}
