using System.CommandLine;
using Tandem.Rotations;

namespace Tandem.Cli;

/// <summary>A token at hand.</summary>
/// <param name="Text">The token.</param>
/// <param name="Source">Where it was read.</param>
/// <param name="Fingerprint">Its fingerprint; null when the account is not known.</param>
internal sealed record GivenToken(string Text, string Source, string? Fingerprint)
{
    /// <summary>Where it was read, and what people know it by; never the token.</summary>
    public override string ToString() => Fingerprint is null ? Source : $"{Source} ({Fingerprint})";
}

/// <summary>Both tokens of an account, as far as they are at hand: from files, standard input or the environment. They are looked at here and sent nowhere.</summary>
/// <param name="whyNoKey">Why an API key will not do, a sentence.</param>
internal sealed class GivenTokens(string whyNoKey)
{
    private readonly Option<string[]> _file = new("--token-file") { HelpName = "FILE", Description = "A file with a token; twice for both. [default: $TWILIO_AUTH_TOKEN and $TWILIO_AUTH_TOKEN_ALT, or what their _FILE forms name]" };
    private readonly Option<bool> _stdin = new("--token-stdin") { Description = "Read the token from standard input; a second line is the other token." };

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_stdin);
    }

    public bool ReadsStandardInput(ParseResult parsed) => parsed.GetValue(_stdin);

    /// <summary>Reads them, the likeliest first.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="sid">The account, for fingerprints; null when it is not known.</param>
    /// <exception cref="CommandException">There is none, or one cannot be a token.</exception>
    public IReadOnlyList<GivenToken> Read(ParseResult parsed, string? sid)
    {
        IReadOnlyList<(string Text, string Source)> read = parsed.GetValue(_stdin)
                ? [.. SecretInput.LinesOfStandardInput().Select((line, i) => (line, $"line {i + 1} of standard input"))]
            : parsed.GetValue(_file) is { Length: > 0 } files ? [.. files.Select(f => (SecretInput.FromFile(f, "--token-file"), $"--token-file {f}"))]
            : [.. new[] { SecretInput.FromEnvironment("TWILIO_AUTH_TOKEN"), SecretInput.FromEnvironment("TWILIO_AUTH_TOKEN_ALT") }.OfType<(string, string)>()];
        return read.Count > 0 ? [.. read.Select(t => Checked(t.Text, t.Source, sid))]
            : throw new CommandException(ExitCode.Usage, "With which token? Nothing was done. Set TWILIO_AUTH_TOKEN (and TWILIO_AUTH_TOKEN_ALT), or use --token-file FILE or --token-stdin.");
    }

    private GivenToken Checked(string text, string source, string? sid)
    {
        if (text.StartsWith("SK", StringComparison.Ordinal) && text.Length == 34)
        {
            throw new CommandException(ExitCode.Usage, $"{source} holds the SID of an API key. {whyNoKey} Nothing was done. Set TWILIO_AUTH_TOKEN, or use --token-file.");
        }

        return Failures.InWords(() => new GivenToken(text, source, sid is null ? Form(text, source) : HeldToken.Read(sid, text, source).Fingerprint));
    }

    /// <summary>Without an account there is no fingerprint; whether it can be a token is asked all the same.</summary>
    private static string? Form(string text, string source)
    {
        HeldToken.Read(default(AccountSid), text, source);
        return null;
    }
}
