using System.Diagnostics;
using Tandem.Testing;

namespace Tandem.Faults.PowerLoss;

/// <summary>The files of a directory as a disk holds them: what is synced is there, and of the rest a power cut may leave anything.</summary>
internal sealed class Disk
{
    /// <summary>Bytes that a disk writes whole or not at all.</summary>
    private const int Sector = 512;

    private readonly Dictionary<string, byte[]> _synced = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Effect>> _pending = new(StringComparer.Ordinal);

    /// <summary>Begins with files as they are now, all of them synced.</summary>
    public Disk(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            (_synced[file], _pending[file]) = (Read(file), []);
        }
    }

    /// <summary>Takes in what a call did. Files that are not the disk's are left out.</summary>
    public void Take(Effect effect)
    {
        switch (effect)
        {
            case Written { File: var file } written when _pending.TryGetValue(file, out var pending):
                pending.Add(written.Offset < 0 ? written with { Offset = Length(file) } : written);
                break;
            case Truncated { File: var file } when _pending.TryGetValue(file, out var pending):
                pending.Add(effect);
                break;
            case Synced { File: var file } when _pending.TryGetValue(file, out var pending):
                _synced[file] = Apply(_synced[file], pending);
                pending.Clear();
                break;
        }
    }

    /// <summary>Puts into a directory what a power cut at this moment might leave.</summary>
    public void Cut(string directory, Dice dice)
    {
        foreach (var (file, synced) in _synced)
        {
            File.WriteAllBytes(Path.Combine(directory, Path.GetFileName(file)), Apply(synced, Left(_pending[file], dice)));
        }
    }

    /// <summary>Of what was not synced: nothing, all of it, the first part, some, some in another order, or some in pieces.</summary>
    private static IEnumerable<Effect> Left(List<Effect> pending, Dice dice)
    {
        var kind = dice.Below(6);
        var some = pending.Where(_ => dice.OnceIn(2)).ToArray();
        if (kind == 4)
        {
            dice.Shuffle<Effect>(some);
        }

        return kind switch
        {
            0 => [],
            1 => pending,
            2 => pending.Take(dice.Below(pending.Count + 1)),
            5 => some.SelectMany(e => e is Written written ? Torn(written, dice) : [e]),
            _ => some,
        };
    }

    private static IEnumerable<Effect> Torn(Written written, Dice dice)
    {
        for (var from = 0; from < written.Bytes.Length;)
        {
            var at = written.Offset + from;
            var to = (int)Math.Min(written.Bytes.Length, from + Sector - (at % Sector));
            if (dice.OnceIn(2))
            {
                yield return written with { Offset = at, Bytes = written.Bytes[from..to] };
            }

            from = to;
        }
    }

    private static byte[] Apply(byte[] content, IEnumerable<Effect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is Truncated truncated)
            {
                content = Resized(content, truncated.Length);
            }
            else if (effect is Written written)
            {
                content = Resized(content, Math.Max(content.LongLength, written.Offset + written.Bytes.Length), copy: true);
                written.Bytes.CopyTo(content.AsSpan((int)written.Offset));
            }
        }

        return content;
    }

    private static byte[] Resized(byte[] content, long length, bool copy = false)
    {
        if (content.LongLength == length && !copy)
        {
            return content;
        }

        var resized = new byte[length];
        content.AsSpan(0, (int)Math.Min(content.LongLength, length)).CopyTo(resized);
        return resized;
    }

    /// <summary>By a program that asks for no lock: the server holds its anchor for itself.</summary>
    private static byte[] Read(string file)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [file]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        using var content = new MemoryStream();
        cat.StandardOutput.BaseStream.CopyTo(content);
        cat.WaitForExit();
        return cat.ExitCode == 0 ? content.ToArray() : throw new IOException($"{file} cannot be read.");
    }

    private long Length(string file) => Apply(_synced[file], _pending[file]).LongLength;
}
