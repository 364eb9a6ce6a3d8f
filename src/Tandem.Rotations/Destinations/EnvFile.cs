using System.Text;

namespace Tandem.Rotations.Destinations;

/// <summary>
/// An env file on disk: read whole, changed by a function of its text, and put in its place whole, with its mode and owner. Only where a rename is
/// not possible (a file mounted by itself into a container, a directory or an owner that is not ours) the file is rewritten where it is. A full disk
/// changes nothing either way.
/// </summary>
/// <param name="path">The file, absolute; a link is followed.</param>
internal sealed class EnvFile(string path)
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const int MostTries = 5;

    /// <summary>Two rotations of one process may deliver to the same file, each its own account's keys.</summary>
    private static readonly Lock s_writing = new();

    public string Path => path;

    /// <summary>Its text: UTF-8, and bytes that are none kept as they are.</summary>
    /// <exception cref="RotationException">It is not there, or cannot be read.</exception>
    public string Read() => Decode(ReadBytes());

    /// <summary>Whether it could be replaced now; null for yes, else why not.</summary>
    public string? WhyNotWritable()
    {
        try
        {
            using var file = new FileStream(Real(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{path} cannot be written: {e.Message}";
        }
    }

    /// <summary>Whether it has several names, so that a rename would leave the others with the old content.</summary>
    public bool IsHardLinked() => FileOwner.Of(Real()) is { Links: > 1 };

    /// <summary>Changes it. Returns false when the change changes nothing.</summary>
    /// <exception cref="RotationException">It cannot be read or written.</exception>
    public bool Change(Func<string, string> change)
    {
        lock (s_writing)
        {
            for (var tries = 1; ; tries++)
            {
                var before = ReadBytes();
                var after = Encode(change(Decode(before)));
                if (IsSame(before, after))
                {
                    return false;
                }

                // Somebody's editor may have saved between the two.
                if (tries < MostTries && !IsSame(before, ReadBytes()))
                {
                    continue;
                }

                Write(after);
                return true;
            }
        }
    }

    private void Write(byte[] content)
    {
        var real = Real();
        try
        {
            var owner = FileOwner.Of(real);
            if (owner is null or { Links: > 1 })
            {
                InPlace.Rewrite(real, content);
                return;
            }

            try
            {
                PrivateFile.Replace(real, content, File.GetUnixFileMode(real), owner);
            }
            catch (Exception e) when (IsNoWayToRename(e))
            {
                InPlace.Rewrite(real, content);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RotationException(RotationFailure.Destination, $"{path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>
    /// Whether a new file cannot take this one's place, though this one may be writable: the directory or the owner is not ours, the directory is
    /// read-only, or the file is a mount of its own. Not a full disk: what has no room beside the file has none in it.
    /// </summary>
    private static bool IsNoWayToRename(Exception e)
    {
        const int busy = 16, crossDevice = 18, readOnlyFileSystem = 30; // EBUSY, EXDEV, EROFS: the base library puts the system's error number there
        return e is UnauthorizedAccessException || (e is IOException && e.HResult is busy or crossDevice or readOnlyFileSystem);
    }

    private byte[] ReadBytes()
    {
        try
        {
            var real = Real();
            if (new FileInfo(real).Length > MostBytes)
            {
                throw new RotationException(RotationFailure.Destination, $"{path} is larger than {MostBytes / 1024 / 1024} MiB: that is no env file.");
            }

            var bytes = File.ReadAllBytes(real);
            return !bytes.Contains((byte)0) ? bytes
                : throw new RotationException(RotationFailure.Destination, $"{path} holds zero bytes: it is no text, or UTF-16, which no env parser reads. Save it as UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RotationException(RotationFailure.Destination,
                e is FileNotFoundException or DirectoryNotFoundException ? $"There is no file {path}." : $"{path} cannot be read: {e.Message}", e);
        }
    }

    private string Real() => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    /// <summary>Latin-1 gives each byte a character and each character its byte back; only the mark at the beginning is looked at as UTF-8.</summary>
    private static string Decode(byte[] bytes) => bytes is [0xEF, 0xBB, 0xBF, ..] ? "\uFEFF" + Encoding.Latin1.GetString(bytes, 3, bytes.Length - 3) : Encoding.Latin1.GetString(bytes);

    private static byte[] Encode(string text) => text.StartsWith('\uFEFF') ? [0xEF, 0xBB, 0xBF, .. Encoding.Latin1.GetBytes(text[1..])] : Encoding.Latin1.GetBytes(text);

    private static bool IsSame(byte[] a, byte[] b) => System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(a, b);
}
