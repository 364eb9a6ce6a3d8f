using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Tandem.Storage;

/// <summary>
/// A file outside the database that knows of every call that retired a token. It is written after COMMIT and before the answer, so it is never
/// ahead of the database that it belongs to; a database that is behind it is an older copy, in which retired tokens live.
/// </summary>
/// <remarks>
/// Lines of a fixed size are only ever added, each synced. The room of the next ones is taken before a change begins, so that a full disk refuses
/// the change, and never meets one that is made. The first line is overwritten once, in one byte: from 1 to 2 when the database's rows have MACs,
/// so that a database that has none any more is known for what it is.
/// </remarks>
internal sealed partial class Anchor : IDisposable
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const string Title = "tandem-anchor ";
    private const string Of = " of database ";
    private const int IdLength = 16;
    private const int KeepSize = 1;
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>Room for four hundred lines.</summary>
    private const long Ahead = 400L * AnchorLine.Size;

    private readonly FileStream _file;
    private long _size;
    private long _reserved;

    private Anchor(FileStream file, bool isNew) => (_file, _size, IsNew) = (file, file.Length, isNew);

    /// <summary>Where it is.</summary>
    public string Path => _file.Name;

    /// <summary>Whether this opening made it.</summary>
    public bool IsNew { get; }

    /// <summary>The newest line; null when it has none.</summary>
    public AnchorLine? Last { get; private set; }

    /// <summary>
    /// Opens the anchor of the database with this id, or makes it. Nobody else may write to it, and one process has it at a time.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="databaseId">Tells databases apart; see <see cref="IdOf"/>.</param>
    /// <param name="databaseIsNew">Whether the database has just begun: then another one's anchor is set aside.</param>
    /// <param name="isRequired">Whether it must be there, but for a database that has just begun; nothing is set aside then.</param>
    /// <param name="aside">Where another one's anchor was moved to; null for nowhere.</param>
    /// <exception cref="StoreException">It cannot be used; the message says why.</exception>
    public static Anchor Open(string path, string databaseId, bool databaseIsNew, bool isRequired, out string? aside)
    {
        aside = null;
        try
        {
            if (!File.Exists(path) && isRequired && !databaseIsNew)
            {
                throw Missing(path);
            }

            if (File.Exists(path) && TitleIn(path)?.Id is var owner && !databaseId.Equals(owner, StringComparison.Ordinal))
            {
                if (databaseIsNew && isRequired && owner is not null)
                {
                    throw new StoreException(
                        $"The anchor {path} belongs to another database ({owner}), and the one in the data directory has just begun. With --require-anchor the anchor is not moved aside, because the right data directory may be missing. The server did not start. Put the data directory in place, or name another anchor: TANDEM_ANCHOR_FILE=FILE");
                }

                if (!databaseIsNew)
                {
                    throw new StoreException(
                        $"The anchor {path} belongs to another database ({owner ?? "or is no anchor"}; this one is {databaseId}). The server did not start and changed nothing. Name this database's own: TANDEM_ANCHOR_FILE=FILE");
                }

                aside = owner is null ? throw new StoreException($"{path} is no anchor of tandem's, so it was left alone. The server did not start and changed nothing. Name another file: TANDEM_ANCHOR_FILE=FILE")
                    : $"{path}.{owner}";
                File.Move(path, aside, overwrite: false);
            }

            var isNew = DurableFile.TryCreate(path, Encoding.ASCII.GetBytes(TitleOf(databaseId, knowsRowMacs: true)));
            if ((File.GetUnixFileMode(path) & OthersWrite) != UnixFileMode.None)
            {
                throw new StoreException($"Other users may write to the anchor {path}, so it proves nothing. The server did not start and changed nothing. Close it: chmod 600 {path}");
            }

            return OpenFile(path, isNew);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
    }

    /// <summary>The newest line of a file that nobody has open, for looking alone; null when it has none, or is another database's.</summary>
    public static AnchorLine? Peek(string path, string databaseId)
    {
        if (!File.Exists(path) || !databaseId.Equals(TitleIn(path)?.Id, StringComparison.Ordinal))
        {
            return null;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return Read(file.SafeFileHandle, (file.Length / AnchorLine.Size) - 1);
    }

    /// <summary>Whether it is the anchor of this database, and from a time when that one's rows had MACs already.</summary>
    public static bool KnowsRowMacs(string path, string databaseId)
    {
        try
        {
            return File.Exists(path) && TitleIn(path) is { KnowsRowMacs: true } title && databaseId.Equals(title.Id, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
    }

    /// <summary>Refuses a start for which the anchor must be there.</summary>
    public static StoreException Missing(string path) => new(
        $"The anchor {path} is missing or new, and --require-anchor is set: without it nobody can tell whether the database is an older copy, in which retired tokens are valid. The server did not start and changed nothing. Put the anchor back, or say where it is: TANDEM_ANCHOR_FILE=FILE. If it is lost for good, begin a new one by starting once with: tandem serve --accept-rollback");

    /// <summary>Whether a process has it open, as a running server does.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using var file = File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0) : null;
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Tells databases apart for as long as their keys live, over copies and restores.</summary>
    public static string IdOf(DataKeys keys) => Convert.ToHexStringLower(keys.Audit.Hmac("tandem-anchor-id"u8).AsSpan(0, IdLength / 2));

    /// <summary>The lines, the newest first.</summary>
    public IEnumerable<AnchorLine> Backwards()
    {
        for (var number = (_size / AnchorLine.Size) - 1; number > 0; number--)
        {
            yield return Read(_file.SafeFileHandle, number)
                ?? throw new StoreException($"The anchor {Path} was altered: its line {number + 1} cannot be read. The server did not start and changed nothing. Put the file back, or name another one: TANDEM_ANCHOR_FILE=FILE");
        }
    }

    /// <summary>Takes the room for the next line; false when the disk is full.</summary>
    public bool TryReserve()
    {
        if (_size + AnchorLine.Size <= _reserved)
        {
            return true;
        }

        if (Allocate(_file.SafeFileHandle, KeepSize, _size, Ahead) != 0 && Marshal.GetLastPInvokeError() is NoSpace or QuotaExceeded)
        {
            return Allocate(_file.SafeFileHandle, KeepSize, _size, AnchorLine.Size) == 0;
        }

        // Some file systems cannot reserve; there a full disk ends the process, as any write does that fails after COMMIT.
        _reserved = _size + Ahead;
        return true;
    }

    /// <summary>Adds a line and syncs it.</summary>
    /// <exception cref="IOException">It may or may not be there; the process must end.</exception>
    public void Append(AnchorLine line)
    {
        RandomAccess.Write(_file.SafeFileHandle, line.ToBytes(), _size);
        RandomAccess.FlushToDisk(_file.SafeFileHandle);
        (_size, Last) = (_size + AnchorLine.Size, line);
    }

    public void Dispose() => _file.Dispose();

    private static Anchor OpenFile(string path, bool isNew)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            var anchor = new Anchor(file, isNew);
            anchor.TakeEnd();
            anchor.NoteRowMacs();
            return anchor;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What the first line says: of which database it is, and whether that one's rows had MACs. Null when it is no anchor.</summary>
    private static (string Id, bool KnowsRowMacs)? TitleIn(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var first = new byte[AnchorLine.Size];
        if (file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) < first.Length)
        {
            return null;
        }

        var text = Encoding.ASCII.GetString(first);
        var (knows, id) = (text[Title.Length] == '2', text.Substring(Title.Length + 1 + Of.Length, IdLength));
        return TitleOf(id, knows).Equals(text, StringComparison.Ordinal) && id.All(char.IsAsciiHexDigitLower) ? (id, knows) : null; // the id becomes a part of a file's name
    }

    private static string TitleOf(string databaseId, bool knowsRowMacs) => $"{Title}{(knowsRowMacs ? '2' : '1')}{Of}{databaseId}".PadRight(AnchorLine.Size - 1) + '\n';

    private static StoreException Unusable(string path, Exception e) => new(
        $"The anchor {path} cannot be used ({e.Message.TrimEnd('.')}). Without it nobody could tell that a database is an older copy. The server did not start and changed nothing. Name a file that this user may write: TANDEM_ANCHOR_FILE=FILE", e);

    private static AnchorLine? Read(SafeFileHandle file, long number)
    {
        var bytes = new byte[AnchorLine.Size];
        return number > 0 && RandomAccess.Read(file, bytes, number * AnchorLine.Size) == bytes.Length ? AnchorLine.Parse(bytes) : null;
    }

    /// <summary>Half a line at the end is what a crash left of a change that was never answered; it is taken off.</summary>
    private void TakeEnd()
    {
        var whole = _size / AnchorLine.Size;
        if (whole > 1 && Read(_file.SafeFileHandle, whole - 1) is null)
        {
            whole--; // the length reached the disk and the bytes did not
        }

        if (whole * AnchorLine.Size < _size)
        {
            _size = whole * AnchorLine.Size;
            _file.SetLength(_size);
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
        }

        Last = Read(_file.SafeFileHandle, whole - 1);
    }

    /// <summary>The database that it is opened for has the newest schema.</summary>
    private void NoteRowMacs()
    {
        var version = new byte[1];
        if (RandomAccess.Read(_file.SafeFileHandle, version, Title.Length) == 1 && version[0] == (byte)'1')
        {
            RandomAccess.Write(_file.SafeFileHandle, "2"u8, Title.Length);
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
        }
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
