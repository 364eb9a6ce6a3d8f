using System.Runtime.CompilerServices;
using Tandem.Server;

namespace Tandem.Cli.Doctor;

/// <summary>The data directory: who may look into it, where the root key lies, what it lies on, how much room there is.</summary>
internal sealed class FilesCheckup : ICheckup
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const UnixFileMode OthersEnter = UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const long Mebibyte = 1024 * 1024;

    private static readonly string[] s_networks = ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ceph", "9p"];

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        if (!subject.HasDirectory)
        {
            yield return Finding.Ok("data directory", $"{subject.Directory} is not there: no server has been started on it. The first start makes it.");
            yield break;
        }

        foreach (var finding in Directory(subject).Concat(RootKey(subject)).Concat(Private(subject)).Concat(Disk(subject)))
        {
            yield return finding;
        }
    }

    /// <summary>A mode as people write it: <c>0600</c>.</summary>
    public static string Octal(UnixFileMode mode) => "0" + Convert.ToString((int)mode & 0b111_111_111, 8).PadLeft(3, '0');

    private static IEnumerable<Finding> Directory(Subject subject)
    {
        var mode = File.GetUnixFileMode(subject.Directory);
        var close = $"chmod 700 {Shell.Quote(subject.Directory)}";
        yield return (mode & OthersWrite) != UnixFileMode.None ? Finding.Fail("data directory", $"{subject.Directory} has mode {Octal(mode)}: others may put another key or database in place. The server does not start on it.", close)
            : (mode & OthersEnter) != UnixFileMode.None ? Finding.Warn("data directory", $"{subject.Directory} has mode {Octal(mode)}: others may look into it. The files are private by themselves, their names are not.", close)
            : Finding.Ok("data directory", $"{subject.Directory}, mode {Octal(mode)}.");
    }

    private static IEnumerable<Finding> RootKey(Subject subject)
    {
        var inside = Path.Combine(subject.Directory, "root.key");
        var path = subject.Options.RootKeyFile ?? inside;
        if (!File.Exists(path))
        {
            yield return File.Exists(Path.Combine(subject.Directory, "tandem.db"))
                ? Finding.Fail("root key", $"{path} is missing, and the database can be read with it alone. The server does not start.", "put the file back, or say where it is: TANDEM_ROOT_KEY_FILE=FILE")
                : Finding.Ok("root key", $"{path} is not there yet; the first start makes it.");
            yield break;
        }

        var mode = File.GetUnixFileMode(path);
        if ((mode & Others) != UnixFileMode.None)
        {
            yield return Finding.Fail("root key", $"{path} has mode {Octal(mode)}: others may read the key that opens the database. The server does not start.", $"chmod 600 {Shell.Quote(path)}, and make new tokens if others have read it");
        }

        yield return Path.GetFullPath(path).StartsWith(subject.Directory + "/", StringComparison.Ordinal)
            ? Finding.Warn("root key", $"{path} lies beside the database that it protects: whoever copies the directory has both.", $"move it elsewhere, then start with TANDEM_ROOT_KEY_FILE=FILE")
            : Finding.Ok("root key", $"{path}, apart from the database.");
    }

    private static IEnumerable<Finding> Private(Subject subject)
    {
        var open = System.IO.Directory.EnumerateFiles(subject.Directory).Order(StringComparer.Ordinal).Where(f => Path.GetFileName(f) is not "root.key" && !f.EndsWith(".pem", StringComparison.Ordinal) && (File.GetUnixFileMode(f) & Others) != UnixFileMode.None).ToList();
        foreach (var file in open)
        {
            yield return Finding.Fail("file modes", $"{file} has mode {Octal(File.GetUnixFileMode(file))}: it is for the server's user alone.", $"chmod 600 {Shell.Quote(file)}");
        }

        if (open.Count == 0)
        {
            yield return Finding.Ok("file modes", "every file in the data directory is the owner's alone.");
        }

        var first = Path.Combine(subject.Directory, "first-account.env");
        if (File.Exists(first))
        {
            yield return Finding.Warn("first account", $"{first} holds a live token as text. It is erased by the call that retires the token.", $"tandem rotate --dotenv {Shell.Quote(first)}, or copy it to where it is needed and remove it");
        }
    }

    private static IEnumerable<Finding> Disk(Subject subject)
    {
        var disk = new DriveInfo(subject.Directory);
        if (s_networks.Contains(disk.DriveFormat, StringComparer.OrdinalIgnoreCase))
        {
            yield return Finding.Fail("disk", $"{subject.Directory} is on a network file system ({disk.DriveFormat}), where neither locks nor syncs can be relied on. The server does not start.", "tandem serve --data DIR, on a local disk");
        }
        else if (disk.DriveFormat is "tmpfs" or "ramfs")
        {
            yield return Finding.Warn("disk", $"{subject.Directory} is in memory ({disk.DriveFormat}): it is gone with the machine's next start.", "tandem serve --data DIR, on a disk");
        }

        var free = disk.AvailableFreeSpace / Mebibyte;
        yield return free < 16 ? Finding.Fail("disk", $"{free} MiB are free: changes are refused with 503 when there are none. Checks go on.", "free space")
            : free < 256 ? Finding.Warn("disk", $"{free} MiB are free: changes are refused with 503 when there are none.", "free space")
            : Finding.Ok("disk", $"{free / 1024.0:0.0} GiB are free.");
    }
}
