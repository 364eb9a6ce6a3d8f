using System.Security.Cryptography;
using System.Text;

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

    private const UnixFileMode OthersRead =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

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

    /// <summary>Reads the root key; makes one when there is none and no database that would need it.</summary>
    /// <param name="elsewhere">The file that holds it; null for <see cref="RootKey"/>. A file elsewhere is never made here.</param>
    /// <param name="isNew">Whether it was made now.</param>
    /// <exception cref="StartException">It is missing though a database exists, not private, or no key.</exception>
    public RootKey ReadRootKey(string? elsewhere, out bool isNew)
    {
        var path = elsewhere ?? RootKey;
        isNew = false;
        try
        {
            if (!File.Exists(path))
            {
                Create(path, elsewhere is not null);
                isNew = true;
            }

            var mode = File.GetUnixFileMode(path);
            if ((mode & OthersRead) != UnixFileMode.None)
            {
                throw new StartException(
                    $"Other users may read the root key {path}. With it and the database, pending tokens can be opened. The server did not start. Close it: chmod 600 {Shell.Quote(path)} — and if others may have read it, make new tokens.");
            }

            return Parse(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The root key {path} cannot be read ({e.Message}) Without it no token can be checked; the server did not start. Run as the user who owns it.", e);
        }
    }

    /// <summary>Erases what a crash left of private files that were being written. For the process that holds the store's lock.</summary>
    internal void EraseUnfinished()
    {
        string[] written = [RootKey, FirstAccount, Path.Combine(Root, Listeners.TwilioAuthority.KeyFileName), Path.Combine(Root, Listeners.TwilioAuthority.CertificateFileName)];
        foreach (var file in written.SelectMany(f => Directory.EnumerateFiles(Root, $"{Path.GetFileName(f)}.*.new")))
        {
            DurableFile.Erase(file);
        }
    }

    private static RootKey Parse(string path)
    {
        var text = File.ReadAllBytes(path);
        try
        {
            return text.Length <= 1024 && Tandem.RootKey.TryParse(Encoding.ASCII.GetString(text), out var key) ? key
                : throw new StartException(
                    $"{path} holds no root key: it must be 64 hexadecimal digits. The server did not start and changed nothing. Put the right file back, from wherever you keep its copy.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private void Create(string path, bool elsewhere)
    {
        if (File.Exists(Database))
        {
            throw new StartException(
                $"The root key {path} is missing, but the database {Database} exists and can be read with that key alone. The server did not start and changed nothing. Put the file back, or say where it is: TANDEM_ROOT_KEY_FILE=FILE");
        }

        if (elsewhere)
        {
            throw new StartException(
                $"TANDEM_ROOT_KEY_FILE names {path}, which does not exist. The server did not start, and makes no key outside its data directory. Make one: (umask 077; openssl rand -hex 32 > {Shell.Quote(path)})");
        }

        using var key = Tandem.RootKey.Generate();
        var text = key.ToFileText();

        // False: another process that is starting now made it first. Its key is the one to read; the store's lock decides between the two.
        _ = DurableFile.TryCreate(path, text);
        CryptographicOperations.ZeroMemory(text);
    }
}
