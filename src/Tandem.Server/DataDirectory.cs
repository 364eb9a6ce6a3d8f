namespace Tandem.Server;

/// <summary>
/// The directory that holds everything a server keeps, and the paths in it. It is made with mode 0700. An existing one is refused when
/// others may write to it, because they could put another key or database in place; when others may only look inside, the server starts
/// with a warning, because every file in it is private by itself.
/// </summary>
public sealed class DataDirectory
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const UnixFileMode OthersEnter =
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const string CopyPrefix = "backup-under-way-";

    private DataDirectory(string path) => Root = path;

    /// <summary>The directory itself, absolute.</summary>
    public string Root { get; }

    /// <summary>The embedded database.</summary>
    public string Database => Path.Combine(Root, "tandem.db");

    /// <summary>The root key, unless it is kept elsewhere.</summary>
    public string RootKey => Path.Combine(Root, "root.key");

    /// <summary>SID and token of the first account: the one plaintext.</summary>
    public string FirstAccount => Path.Combine(Root, "first-account.env");

    /// <summary>The socket of local administration.</summary>
    public string AdminSocket => Listeners.AdminSocket.PathIn(Root);

    /// <summary>Whether this start made the directory.</summary>
    public bool IsNew { get; private init; }

    /// <summary>What the operator should know of it; null when there is nothing.</summary>
    public string? Warning { get; private init; }

    /// <summary>Opens the directory, or makes it.</summary>
    /// <exception cref="StartException">It cannot be made, or others may write to it.</exception>
    public static DataDirectory Open(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
                return new(path) { IsNew = true };
            }

            var mode = File.GetUnixFileMode(path);
            if ((mode & OthersWrite) != UnixFileMode.None)
            {
                throw new StartException(
                    $"Other users may write to the data directory {path}, so they could replace its key or database. The server did not start. Close it: chmod 700 {Shell.Quote(path)} (or choose a directory inside it, which is made private: --data {Shell.Quote(Path.Combine(path, "tandem"))})");
            }

            return new(path)
            {
                IsNew = !Directory.EnumerateFileSystemEntries(path).Any(),
                Warning = (mode & OthersEnter) == UnixFileMode.None ? null
                    : $"Other users may look into the data directory {path}. Its files are private, their names are not. Close it: chmod 700 {Shell.Quote(path)}",
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The data directory {path} cannot be used ({e.Message}) The server did not start. Choose another: tandem serve --data DIR", e);
        }
    }

    /// <summary>The paths in a directory that is open already.</summary>
    internal static DataDirectory Of(string path) => new(path);

    /// <summary>The directory of a server that has run, for looking at it.</summary>
    /// <exception cref="StartException">There is none.</exception>
    public static DataDirectory OpenExisting(string path) => File.Exists(Path.Combine(path, "tandem.db")) ? new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))
        : throw new StartException($"There is no database in {path}. Name the data directory of a server: --data DIR");

    /// <summary>
    /// Where the anchor is: where the settings say; else where there is one; else beside the directory, so that restoring the directory leaves it
    /// alone; and in the directory where nothing may be written beside it.
    /// </summary>
    public string AnchorFile(string? elsewhere)
    {
        var (beside, inside) = ($"{Root}.anchor", Path.Combine(Root, "anchor"));
        return elsewhere ?? (File.Exists(beside) || (!File.Exists(inside) && DurableFile.MayWriteInto(Path.GetDirectoryName(Root)!)) ? beside : inside);
    }

    /// <summary>Whether a file lies in the directory, so that it is copied and restored with it.</summary>
    public bool Holds(string path) => Path.GetFullPath(path).StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>What the operator should know of where the anchor is; null when there is nothing.</summary>
    internal string? WarningOfAnchor(string path) => !Holds(path) ? null
        : $"The anchor {path} lies in the data directory: whoever restores an older copy of the directory restores it too, and nobody is told that retired tokens live again. Keep it elsewhere: TANDEM_ANCHOR_FILE=FILE";

    /// <summary>Erases what a crash left of private files that were being written. For the process that holds the store's lock.</summary>
    internal void EraseUnfinished()
    {
        string[] written = [RootKey, FirstAccount, Path.Combine(Root, Listeners.TwilioAuthority.KeyFileName), Path.Combine(Root, Listeners.TwilioAuthority.CertificateFileName)];
        foreach (var file in written.SelectMany(f => Directory.EnumerateFiles(Root, $"{Path.GetFileName(f)}.*.new")))
        {
            DurableFile.Erase(file);
        }

        foreach (var copy in Directory.EnumerateFiles(Root, $"{CopyPrefix}*").Concat(Directory.EnumerateFiles(Root, $"{Path.GetFileName(Database)}.restoring*")))
        {
            DurableFile.Erase(copy);
        }
    }

    /// <summary>A new name for a copy on its way into a backup.</summary>
    internal string NewCopy() => Path.Combine(Root, $"{CopyPrefix}{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6))}");
}
