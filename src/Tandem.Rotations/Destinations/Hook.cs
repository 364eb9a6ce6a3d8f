using System.Globalization;
using System.Text;
using System.Text.Json;
using Tandem.Client;

namespace Tandem.Rotations.Destinations;

/// <summary>What a hook reads from its standard input: one JSON object.</summary>
public sealed record HookInput
{
    /// <summary>The form of this object; members may be added to it.</summary>
    public int Version { get; init; } = 1;

    /// <summary>What is to be done: <c>deliver</c>, <c>verify</c>, <c>rollback</c>, <c>tidy</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>Where its tokens are made.</summary>
    public required string Target { get; init; }

    /// <summary>The new token.</summary>
    public required string New { get; init; }

    /// <summary>The old token; null when nobody at hand holds it any more.</summary>
    public required string? Old { get; init; }

    /// <summary>The new token's fingerprint.</summary>
    public required string NewFingerprint { get; init; }

    /// <summary>The old token's fingerprint.</summary>
    public required string? OldFingerprint { get; init; }

    /// <summary>The phase; never a token.</summary>
    public override string ToString() => Phase;
}

/// <summary>
/// Runs a program of the user's: an argv array and no shell, the tokens as JSON on its standard input and nowhere else, a time limit, and what
/// it said with the tokens taken out.
/// </summary>
/// <param name="argv">The program and its arguments.</param>
/// <param name="limit">After this long it is killed, with its children.</param>
/// <param name="directory">Where it runs; null for where this program was started.</param>
internal sealed class Hook(IReadOnlyList<string> argv, TimeSpan limit, string? directory)
{
    private const int MostLines = 12;

    /// <summary>A program may leave another behind that holds its output open: that one is not waited for.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromMilliseconds(500);

    private readonly ChildProcess _program = new(argv, limit, directory);

    /// <summary>The command as people would write it.</summary>
    public string Text => _program.Text;

    /// <summary>What stands in the way of running it; null for nothing.</summary>
    public string? Problem() => _program.Problem();

    /// <summary>Runs it. Exit code 0 is success.</summary>
    /// <exception cref="RotationException">It failed, or took too long.</exception>
    public async Task RunAsync(string phase, Delivery delivery, CancellationToken cancel)
    {
        var said = new StringBuilder();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TANDEM_PHASE"] = phase, ["TANDEM_ACCOUNT_SID"] = delivery.AccountSid };
        var status = await _program.RunAsync(Input(phase, delivery), environment, line => Keep(said, line), line => Keep(said, line), s_lastWords, cancel);
        if (status is not 0)
        {
            var output = Shown(said, delivery);
            var why = status is { } code ? $"ended with exit code {code.ToString(CultureInfo.InvariantCulture)}" : $"did not end within {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s and was killed";
            throw new RotationException(RotationFailure.Destination, $"{Text} {why} ({phase}).{(output.Length == 0 ? "" : $" It said:\n{output}")}");
        }
    }

    private static byte[] Input(string phase, Delivery delivery)
    {
        var (old, token) = (delivery.Tokens.Old, delivery.Tokens.New);
        return JsonSerializer.SerializeToUtf8Bytes(
            new HookInput
            {
                Phase = phase,
                AccountSid = delivery.AccountSid,
                Target = delivery.Target,
                New = token.Reveal(),
                Old = old?.Reveal(),
                NewFingerprint = token.Fingerprint,
                OldFingerprint = old?.Fingerprint,
            },
            SecretJson.Default.HookInput);
    }

    private static void Keep(StringBuilder said, string line)
    {
        lock (said)
        {
            if (line.Length > 0 && said.Length < 64 * 1024)
            {
                said.Append(line).Append('\n');
            }
        }
    }

    private static string Shown(StringBuilder said, Delivery delivery)
    {
        lock (said)
        {
            var lines = delivery.Tokens.Redact(said.ToString()).TrimEnd('\n').Split('\n');
            return string.Join('\n', lines.TakeLast(MostLines).Select(WireText.Line)).Trim();
        }
    }
}
