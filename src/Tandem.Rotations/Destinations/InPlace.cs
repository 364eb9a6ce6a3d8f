using System.Security.Cryptography;

namespace Tandem.Rotations.Destinations;

/// <summary>
/// Rewrites a text file where it is. That is not done at once: a reader may see part of it, and so might one after a power cut. But it is done whole or
/// not at all when the disk is full or an error comes in between, and only what differs is written: a token that replaces another one of the same length
/// moves nothing.
/// </summary>
internal static class InPlace
{
    /// <summary>Gives a file another content.</summary>
    /// <exception cref="IOException">It failed. The file holds what it held before, unless the message says otherwise.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Rewrite(string path, byte[] content)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var before = new byte[file.Length];
        file.ReadExactly(before);
        Reserve(file, before.Length, content.Length);
        try
        {
            Write(file, Difference(before, content), content);
        }
        catch (IOException e)
        {
            PutBack(file, before, e);
            throw;
        }
    }

    /// <summary>
    /// Takes the room that a longer content needs, as empty lines at the end, which every parser skips. A full disk shows here, where they are cut off
    /// again. Reserving it by fallocate would be of no help on the file systems that lack it, a network's among them.
    /// </summary>
    private static void Reserve(FileStream file, int had, int needed)
    {
        if (needed <= had)
        {
            return;
        }

        try
        {
            file.Seek(0, SeekOrigin.End);
            file.Write(Enumerable.Repeat((byte)'\n', needed - had).ToArray());
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            file.SetLength(had);
            throw;
        }
    }

    private static void Write(FileStream file, Range part, byte[] content)
    {
        file.Seek(part.Start.Value, SeekOrigin.Begin);
        file.Write(content.AsSpan(part));
        file.SetLength(content.Length);
        file.Flush(flushToDisk: true);
        file.Seek(0, SeekOrigin.Begin);
        var written = new byte[content.Length];
        file.ReadExactly(written);
        if (file.Length != content.Length || !CryptographicOperations.FixedTimeEquals(written, content))
        {
            throw new IOException("It does not hold what was written to it: something else writes it as well.");
        }
    }

    /// <summary>The part of a content that differs from what is there: where the lengths are equal, without the common end.</summary>
    private static Range Difference(byte[] before, byte[] content)
    {
        var start = before.AsSpan().CommonPrefixLength(content);
        var end = content.Length;
        while (before.Length == content.Length && end > start && before[end - 1] == content[end - 1])
        {
            end--;
        }

        return start..end;
    }

    private static void PutBack(FileStream file, byte[] before, IOException why)
    {
        try
        {
            file.Seek(0, SeekOrigin.Begin);
            file.Write(before);
            file.SetLength(before.Length);
            file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw new IOException($"{why.Message.TrimEnd('.')}. Its content may be damaged, since what it held could not be put back "
                + $"({e.Message.TrimEnd('.')}). Restore it from a copy before you go on.", why);
        }
    }
}
