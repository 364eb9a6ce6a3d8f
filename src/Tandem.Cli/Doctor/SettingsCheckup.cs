namespace Tandem.Cli.Doctor;

/// <summary>The server's settings as this shell and command line give them, and where each came from.</summary>
internal sealed class SettingsCheckup : ICheckup
{
    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        foreach (var problem in subject.Problems)
        {
            yield return Finding.Fail("settings", $"{problem} A server would not start with it.", "tandem serve --help");
        }

        var given = (subject.Options.Sources ?? new Dictionary<string, string>(StringComparer.Ordinal)).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} ({s.Value})").ToList();
        var whose = subject.Server is null ? "" : " These are this shell's; the console's Settings page shows what the running server took.";
        yield return Finding.Ok("settings", (given.Count == 0 ? "none is given, so all are the defaults." : $"{string.Join(", ", given)}; all else is the default.") + whose);
        if (subject.Options.RecoverableTokens)
        {
            yield return Finding.Warn("settings", "TANDEM_RECOVERABLE_TOKENS is on: whoever has the database and the root key reads every token that is created meanwhile.", "unset TANDEM_RECOVERABLE_TOKENS, then start the server again");
        }

        if (!subject.Options.CountUsage)
        {
            yield return Finding.Warn("settings", "TANDEM_USAGE is off: nobody's use of a token is seen, so no promote is ever known to be safe.", "unset TANDEM_USAGE, then start the server again");
        }
    }
}
