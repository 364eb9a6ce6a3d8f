using System.Globalization;
using System.Text.RegularExpressions;

namespace Tandem.Faults.PowerLoss;

/// <summary>What a system call did, as far as a power cut and a client can tell.</summary>
internal abstract record Effect;

/// <summary>Bytes were put into a file; an offset below zero is its end.</summary>
internal sealed record Written(string File, long Offset, byte[] Bytes) : Effect;

/// <summary>A file was given a length.</summary>
internal sealed record Truncated(string File, long Length) : Effect;

/// <summary>What was put into a file before is on the disk.</summary>
internal sealed record Synced(string File) : Effect;

/// <summary>An answer began to leave for its client.</summary>
internal sealed record Answered : Effect;

/// <summary>Reads the trace that strace wrote of a server.</summary>
internal static partial class SystemCalls
{
    private const string ResponseLine = @"""\x48\x54\x54\x50\x2f\x31\x2e\x31\x20"; // "HTTP/1.1 "
    private const string Unfinished = "<unfinished ...>";

    /// <summary>With these the trace holds what is needed: names of files beside their numbers, bytes as hexadecimal, nothing cut off.</summary>
    public static string[] Arguments(string traceFile) =>
        ["-y", "-xx", "-s", "1000000", "-o", traceFile, "-e", "trace=pwrite64,pwritev,write,writev,ftruncate,fsync,fdatasync,sendto,sendmsg"];

    /// <summary>
    /// The effects in their order. Of a call that another thread interrupted strace writes two lines: bytes and answers count from its beginning (they
    /// may have gone out), a sync from its end (it may not have worked yet).
    /// </summary>
    public static List<Effect> Read(IEnumerable<string> trace)
    {
        var effects = new List<Effect?>();
        var open = new Dictionary<string, (int At, string Text)>(StringComparer.Ordinal);
        foreach (var line in trace)
        {
            if (Resumed().Match(line) is { Success: true } resumed && open.Remove(resumed.Groups["thread"].Value, out var begun))
            {
                var effect = Effect(begun.Text + resumed.Groups["rest"].Value);
                effects[begun.At] = effect is Synced ? null : effect;
                effects.Add(effect as Synced);
            }
            else if (Begun().Match(line) is { Success: true } call)
            {
                var text = call.Groups["call"].Value;
                if (text.EndsWith(Unfinished, StringComparison.Ordinal))
                {
                    open[call.Groups["thread"].Value] = (effects.Count, text[..^Unfinished.Length].TrimEnd());
                    effects.Add(null);
                }
                else
                {
                    effects.Add(Effect(text));
                }
            }
        }

        return [.. effects.OfType<Effect>()];
    }

    private static Effect? Effect(string call)
    {
        var name = call[..call.IndexOf('(', StringComparison.Ordinal)];
        if (name is "sendto" or "sendmsg")
        {
            return call.Contains(ResponseLine, StringComparison.Ordinal) ? new Answered() : null;
        }

        if (OnFile().Match(call) is not { Success: true } match || call.LastIndexOf(") = -1", StringComparison.Ordinal) > 0)
        {
            return null;
        }

        var (file, rest) = (Text(match.Groups["file"].Value), match.Groups["rest"].Value);
        return name switch
        {
            "fsync" or "fdatasync" => new Synced(file),
            "ftruncate" => new Truncated(file, Number(rest)),
            "pwrite64" => new Written(file, Number(rest[(rest.LastIndexOf(", ", StringComparison.Ordinal) + 2)..]), Bytes(rest)),
            "write" => new Written(file, -1, Bytes(rest)),
            _ => throw new InvalidDataException($"The trace has a {name} on {file}, which the replay does not know."),
        };
    }

    private static byte[] Bytes(string arguments)
    {
        var from = arguments.IndexOf('"', StringComparison.Ordinal) + 1;
        return Convert.FromHexString(arguments[from..arguments.LastIndexOf('"')].Replace("\\x", "", StringComparison.Ordinal));
    }

    private static string Text(string hex) => System.Text.Encoding.UTF8.GetString(Convert.FromHexString(hex.Replace("\\x", "", StringComparison.Ordinal)));

    private static long Number(string text) => long.Parse(Digits().Match(text).Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<thread>\d+) +(?<call>\w+\(.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Begun();

    [GeneratedRegex(@"^(?<thread>\d+) +<\.\.\. \w+ resumed>(?<rest>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^\w+\(\d+<(?<file>(\\x[0-9a-f]{2})+)>(, )?(?<rest>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex OnFile();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
