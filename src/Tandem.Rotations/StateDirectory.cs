using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tandem.Rotations;

/// <summary>
/// Where unfinished rotations are remembered, one file each: a line that can be read by anyone who may open the file, and a line with the
/// tokens, sealed. Files are replaced whole and synced before the work that they announce begins.
/// </summary>
public sealed class StateDirectory
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lazy<StateSeal> _seal;

    /// <summary>A directory, made with mode 0700 when it is not there.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="passphrase">Seals the tokens; null for a key file in the directory.</param>
    /// <exception cref="RotationException">It is another user's, or others may write to it.</exception>
    public StateDirectory(string path, string? passphrase = null)
    {
        Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        Directory.CreateDirectory(Path, Private);
        if (FileOwner.Of(Path) is { } owner && (!owner.IsOursOrRoots || (owner.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != UnixFileMode.None))
        {
            throw new RotationException(RotationFailure.Precondition, owner.IsOursOrRoots
                ? $"Others may write to {Path}, where unfinished rotations and their tokens are kept. Nothing was done. Close it: chmod 700 '{Path}'"
                : $"{Path}, where unfinished rotations and their tokens would be kept, belongs to another user (user id {owner.User}). Nothing was "
                    + "done. Name a directory of your own: --state DIR");
        }

        _seal = new(() => passphrase is null ? StateSeal.FromKeyFile(System.IO.Path.Combine(Path, "state.key")) : StateSeal.FromPassphrase(passphrase));
    }

    /// <summary>The directory, absolute.</summary>
    public string Path { get; }

    /// <summary>All unfinished rotations, without their tokens.</summary>
    public IReadOnlyList<RotationState> List() =>
        [.. Directory.EnumerateFiles(Path, "*.state").Order(StringComparer.Ordinal).Select(file => Read(file, File.ReadAllText(file).Split('\n')[0]))];

    /// <summary>Whether a fleet is unfinished.</summary>
    public bool HasFleet => Directory.EnumerateFiles(Path, "*.fleet").Any();

    /// <summary>The file of one account's rotation at one target.</summary>
    public string FileOf(AccountSid sid, string target) =>
        System.IO.Path.Combine(Path, $"{sid}@{string.Concat(target.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_'))}.state");

    /// <summary>Locks one account's rotation at one target against every other process of this machine, until disposed.</summary>
    /// <exception cref="RotationException">Another holds it, and the message says who, since when; or the directory cannot be written.</exception>
    public IDisposable Lock(AccountSid sid, string target, string owner, DateTimeOffset now)
    {
        var path = System.IO.Path.ChangeExtension(FileOf(sid, target), ".lock");
        FileStream? file = null;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = PrivateFile.OwnerOnly,
            });

            // Beside the lock: the base library would not let another process read the locked file itself.
            File.WriteAllText(HolderFile(path), string.Create(CultureInfo.InvariantCulture, $"{owner}, process {Environment.ProcessId}, since {now:yyyy-MM-dd'T'HH:mm:ss'Z'}\n"));

            // Of a rotation that was over when its process was killed.
            DurableFile.Erase(OverFile(FileOf(sid, target)));
            return file;
        }
        catch (IOException e) when (file is null && IsHeld(e))
        {
            throw new RotationException(RotationFailure.Precondition,
                $"Another rotation of {sid} runs now ({Holder(path)}). Nothing was done. Wait for it, or look: tandem rotate status", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw Unwritable(e, "Nothing was done.");
        }
    }

    /// <summary>Whether a process works on the rotation right now, and who; null when nobody does.</summary>
    public string? WorkedOnBy(AccountSid sid, string target)
    {
        var path = System.IO.Path.ChangeExtension(FileOf(sid, target), ".lock");
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return IsHeld(e) ? Holder(path) : $"unknown ({e.Message})";
        }
    }

    internal (RotationState State, SealedTokens Tokens)? Load(AccountSid sid, string target)
    {
        var path = FileOf(sid, target);
        if (!File.Exists(path))
        {
            return null;
        }

        var lines = File.ReadAllText(path).Split('\n');
        var state = Read(path, lines[0]);
        return (state, _seal.Value.Open(lines.Length > 1 ? lines[1] : "", Encoding.UTF8.GetBytes(lines[0]), path));
    }

    internal void Save(RotationState state, SealedTokens tokens)
    {
        var readable = JsonSerializer.SerializeToUtf8Bytes(state, RotationJson.Default.RotationState);
        byte[] content = [.. readable, (byte)'\n', .. Encoding.ASCII.GetBytes(_seal.Value.Seal(tokens, readable)), (byte)'\n'];
        Write(() => PrivateFile.Replace(FileOf(state.AccountSid, state.Target), content));
    }

    /// <summary>Writes the report, which holds no token, and erases the state. Returns the report's path.</summary>
    internal string Finish(RotationReport report)
    {
        var path = System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{report.Finished:yyyy-MM-dd'T'HHmmss}-{report.State.AccountSid}.json"));
        Write(() =>
        {
            PrivateFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(report, RotationJson.Default.RotationReport));

            // Taken out of the way first: a state that is half erased would be one that nobody can go on with.
            var file = FileOf(report.State.AccountSid, report.State.Target);
            File.Move(file, OverFile(file), overwrite: true);
            DurableFile.Erase(OverFile(file));
        });
        return path;
    }

    /// <summary>Erases a state of which nothing was carried out.</summary>
    internal void Forget(RotationState state) => Write(() => DurableFile.Erase(FileOf(state.AccountSid, state.Target)));

    /// <summary>Changes a file of the directory. What it held before stays whole where that fails.</summary>
    /// <exception cref="RotationException">The disk is full, or the directory cannot be written.</exception>
    internal void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e, "What was recorded before is whole, and running again goes on from there.");
        }
    }

    private RotationException Unwritable(Exception e, string meaning) => new(
        RotationFailure.Failed, $"The state directory {Path} cannot be written: {e.Message.TrimEnd('.')}. {meaning} Make room, or name another "
            + "directory before a rotation begins: --state DIR", e);

    /// <summary>Whether opening a file failed because another holds its lock: the base library puts the system's error number there.</summary>
    private static bool IsHeld(Exception e)
    {
        const int wouldBlock = 11; // EWOULDBLOCK of Linux, on every architecture that .NET runs on
        return e is IOException && e.HResult == wouldBlock;
    }

    private static RotationState Read(string path, string line)
    {
        try
        {
            var state = JsonSerializer.Deserialize(line, RotationJson.Default.RotationState) ?? throw new JsonException();
            return MissingIn(state) is { } missing ? throw Unusable(path, $"has no {missing}, as one of an earlier tandem")
                : state.Version == 1 ? state
                : throw new RotationException(RotationFailure.Precondition, $"{path} was written by a later tandem. Nothing was done. Finish the rotation with that one.");
        }
        catch (JsonException e)
        {
            throw Unusable(path, "is no state of a rotation, or lacks a part of one", e);
        }
    }

    /// <summary>The first thing that every state has and this one has not: what is not written, or written as null, is read without an error.</summary>
    private static string? MissingIn(RotationState state) =>
        state.Version == 0 ? "version"
        : string.IsNullOrEmpty(state.Id) ? "id"
        : state.AccountSid == default ? "account_sid"
        : string.IsNullOrEmpty(state.Target) ? "target"
        : string.IsNullOrEmpty(state.StartedBy) ? "started_by"
        : string.IsNullOrEmpty(state.OldFingerprint) ? "old_fingerprint"
        : state.Destinations is null || state.Destinations.Any(d => string.IsNullOrEmpty(d?.Name)) ? "destinations"
        : null;

    private static RotationException Unusable(string path, string why, JsonException? e = null) => new(
        RotationFailure.Precondition,
        $"{path} {why}. Nothing was done. A rotation may be half done, and both of its account's tokens valid: finish it with the tandem that began it. If it is of no use to anyone: rm '{path}'",
        e);

    private static string OverFile(string file) => System.IO.Path.ChangeExtension(file, ".over");

    private static string HolderFile(string lockFile) => System.IO.Path.ChangeExtension(lockFile, ".holder");

    private static string Holder(string lockFile)
    {
        try
        {
            return File.ReadAllText(HolderFile(lockFile)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "by whom cannot be told";
        }
    }
}
