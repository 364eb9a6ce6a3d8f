using System.Security.Cryptography;
using System.Text;
using Tandem.Storage;

namespace Tandem.Server;

/// <summary>
/// The file of the root key, and how another key takes its place: the next key is written beside it before the database is wrapped under it, and
/// moved into its place afterwards. A crash at any moment leaves a file with the key that the database needs, and the next start finds it.
/// </summary>
public sealed class RootKeyFile
{
    private const UnixFileMode OthersRead =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly DataDirectory _directory;

    /// <summary>The root key of a data directory.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="elsewhere">The file that holds it; null for <see cref="DataDirectory.RootKey"/>. A file elsewhere is never made here.</param>
    public RootKeyFile(DataDirectory directory, string? elsewhere)
    {
        ArgumentNullException.ThrowIfNull(directory);
        (_directory, Path, IsElsewhere) = (directory, elsewhere ?? directory.RootKey, elsewhere is not null);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Whether it was named, and is not the data directory's own.</summary>
    public bool IsElsewhere { get; }

    /// <summary>The key that is to take its place, while it does.</summary>
    internal string Next => $"{Path}.next";

    /// <summary>The key whose place was taken, until it is erased.</summary>
    internal string Previous => $"{Path}.previous";

    /// <summary>Reads the root key; makes one when there is none and no database that would need it.</summary>
    /// <param name="isNew">Whether it was made now.</param>
    /// <exception cref="StartException">It is missing though a database exists, not private, or no key.</exception>
    public RootKey ReadOrCreate(out bool isNew)
    {
        Settle();
        isNew = !File.Exists(Path);
        if (isNew)
        {
            Create();
        }

        return Read();
    }

    /// <summary>Reads the root key.</summary>
    /// <exception cref="StartException">It is missing, not private, or no key.</exception>
    public RootKey Read() => Read(Path);

    /// <summary>Reads a file that holds a root key, whosever it is.</summary>
    /// <exception cref="StartException">It is missing, not private, or no key.</exception>
    public static RootKey Read(string path)
    {
        try
        {
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

    /// <summary>Makes the next key and writes it beside this one, for good.</summary>
    /// <exception cref="StartException">Nothing can be written there.</exception>
    internal RootKey WriteNext()
    {
        try
        {
            DurableFile.Erase(Next); // of a rotation that came to nothing
            var key = RootKey.Generate();
            var text = key.ToFileText();
            try
            {
                _ = DurableFile.TryCreate(Next, text);
                return key;
            }
            catch
            {
                key.Dispose();
                throw;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(text);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The next root key cannot be written beside {Path} ({e.Message.TrimEnd('.')}). Nothing was changed. Where the server may not write, make the key yourself and name it: (umask 077; openssl rand -hex 32 > FILE) && tandem key rotate --to FILE", e);
        }
    }

    /// <summary>Moves the next key into this one's place, and erases this one. The database is wrapped under the next one already.</summary>
    internal void TakeNext()
    {
        if (File.Exists(Path) && File.Exists(Next))
        {
            File.Move(Path, Previous, overwrite: true);
        }

        File.Move(Next, Path, overwrite: false);
        DurableFile.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!);
        DurableFile.Erase(Previous);
    }

    /// <summary>Ends what a crash has interrupted: the key that the database needs comes into its place, and the other ones are erased.</summary>
    private void Settle()
    {
        if (!File.Exists(Next) && !File.Exists(Previous) && Unfinished().Length == 0)
        {
            return;
        }

        try
        {
            DatabaseAtRest.WithRootKeyId(_directory.Root, needed =>
            {
                Array.ForEach(Unfinished(), DurableFile.Erase);
                if (needed is not null && File.Exists(Next) && Is(Next, needed))
                {
                    TakeNext();
                }
                else if (needed is not null && !File.Exists(Path) && File.Exists(Previous) && Is(Previous, needed))
                {
                    File.Move(Previous, Path);
                    DurableFile.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!);
                }

                if (needed is not null && File.Exists(Path) && Is(Path, needed))
                {
                    DurableFile.Erase(Next);
                    DurableFile.Erase(Previous);
                }
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"A change of the root key {Path} was interrupted and cannot be ended ({e.Message.TrimEnd('.')}). The server did not start. Run as the user who owns it.", e);
        }
    }

    /// <summary>Next keys of which a crash has left a part.</summary>
    private string[] Unfinished()
    {
        var directory = System.IO.Path.GetDirectoryName(Path)!;
        return Directory.Exists(directory) ? Directory.GetFiles(directory, $"{System.IO.Path.GetFileName(Next)}.*.new") : [];
    }

    private static bool Is(string path, byte[] needed)
    {
        using var key = Read(path);
        return CryptographicOperations.FixedTimeEquals(key.Id, needed);
    }

    private static RootKey Parse(string path)
    {
        var text = File.ReadAllBytes(path);
        try
        {
            return text.Length <= 1024 && RootKey.TryParse(Encoding.ASCII.GetString(text), out var key) ? key
                : throw new StartException(
                    $"{path} holds no root key: it must be 64 hexadecimal digits. The server did not start and changed nothing. Put the right file back, from wherever you keep its copy.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private void Create()
    {
        if (File.Exists(_directory.Database))
        {
            throw new StartException(
                $"The root key {Path} is missing, but the database {_directory.Database} exists and can be read with that key alone. The server did not start and changed nothing. Put the file back, or say where it is: TANDEM_ROOT_KEY_FILE=FILE");
        }

        if (IsElsewhere)
        {
            throw new StartException(
                $"TANDEM_ROOT_KEY_FILE names {Path}, which does not exist. The server did not start, and makes no key outside its data directory. Make one: (umask 077; openssl rand -hex 32 > {Shell.Quote(Path)})");
        }

        using var key = RootKey.Generate();
        var text = key.ToFileText();

        // False: another process that is starting now made it first. Its key is the one to read; the store's lock decides between the two.
        _ = DurableFile.TryCreate(Path, text);
        CryptographicOperations.ZeroMemory(text);
    }
}
