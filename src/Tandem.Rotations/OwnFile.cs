using System.Runtime.InteropServices;

namespace Tandem.Rotations;

/// <summary>
/// Files that decide which programs run and where tokens go. One is read only if nobody but this user and root can have written it: the open file is
/// looked at, so it cannot be exchanged in between. The directory that holds it must not be another user's or writable by everybody, since whoever
/// writes there can put one of this user's other files in its place; a directory with the sticky bit prevents that, and so does a read-only mount.
/// </summary>
internal static partial class OwnFile
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The text of such a file.</summary>
    /// <exception cref="RotationException">Somebody else can have written it; the message says how to change that.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string ReadText(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var problems = Directories(path).Select(WhyNotOwnDirectory).Prepend(WhyNotOwn(FileOwner.Of(file.SafeFileHandle), path));
        if (problems.FirstOrDefault(why => why is not null) is { } problem)
        {
            throw new RotationException(RotationFailure.Usage, problem);
        }

        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static string? WhyNotOwn(FileOwner? owner, string path) => owner switch
    {
        { IsOursOrRoots: false } other => $"{path} belongs to another user (user id {other.User}), who could have programs run as you and have your "
            + $"token sent elsewhere. Nothing was done. If you trust what is in it, take it over: chown \"$(id -u)\" '{path}'",
        { Mode: var mode } when (mode & OthersWrite) == UnixFileMode.None => null,
        _ => $"Others may write to {path}, so they could have programs run as you and have your token sent elsewhere. Nothing was done. Close it: chmod go-w '{path}'",
    };

    /// <summary>Where its name lies, and where the file lies if that is a link.</summary>
    private static IEnumerable<string> Directories(string path) =>
        new[] { path, File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path }
            .Select(p => Path.GetDirectoryName(p)!).Distinct(StringComparer.Ordinal);

    private static string? WhyNotOwnDirectory(string directory) => FileOwner.Of(directory) switch
    {
        { IsOursOrRoots: false } other => $"The directory {directory} belongs to another user (user id {other.User}), who can replace the files in "
            + "it. Nothing was done. Move the file into a directory of your own.",
        { Mode: var mode } when (mode & UnixFileMode.OtherWrite) == UnixFileMode.None || (mode & UnixFileMode.StickyBit) != UnixFileMode.None || IsReadOnly(directory) => null,
        _ => $"Everybody may write to the directory {directory}, and so replace the files in it. Nothing was done. Close it: chmod o-w '{directory}'",
    };

    /// <summary>Whether it is mounted read-only, as a volume of a Kubernetes ConfigMap is, whose directory has mode 0777.</summary>
    private static bool IsReadOnly(string directory)
    {
        const int write = 2, readOnlyFileSystem = 30;
        return Access(directory, write) != 0 && Marshal.GetLastPInvokeError() == readOnlyFileSystem;
    }

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
