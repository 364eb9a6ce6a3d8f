namespace Tandem.Cli.Doctor;

/// <summary>What was found, as machines read it.</summary>
internal sealed record FindingInfo(string Check, string Result, string Text, string? Next);

/// <summary>Writes findings: for people as they come, wrapped to the terminal; for machines all at the end.</summary>
internal sealed class DoctorReport(OutputFormat format, bool noColor)
{
    private const int Indent = 23;

    private readonly List<Finding> _all = [];
    private readonly bool _isColoured = ErrorTerminal.MayColour(Console.IsOutputRedirected, noColor);

    public void Add(Finding finding)
    {
        _all.Add(finding);
        if (format != OutputFormat.Table)
        {
            return;
        }

        var lines = Print.Wrap(finding.Text, Indent).Concat(finding.Next is null ? [] : Print.Wrap($"next: {finding.Next}", Indent)).ToList();
        Screen.Out.Show(Result(finding.Severity), $"{new string(' ', 6 - Word(finding.Severity).Length)}{finding.Check,-(Indent - 6)}{lines[0]}\n");
        foreach (var line in lines.Skip(1))
        {
            Console.Out.WriteLine(new string(' ', Indent) + line);
        }
    }

    /// <summary>Writes what is left to write, and the exit code.</summary>
    public int Finish()
    {
        if (format != OutputFormat.Table)
        {
            Output.Write(
                format,
                [.. _all.Select(f => new FindingInfo(f.Check, Word(f.Severity), f.Text, f.Next))],
                CliJson.Default.IReadOnlyListFindingInfo,
                [["RESULT", "CHECK", "TEXT", "NEXT"], .. _all.Select(f => new[] { Word(f.Severity), f.Check, f.Text, f.Next ?? "-" })]);
        }

        var (warnings, failures) = (Count(Severity.Warn), Count(Severity.Fail));
        Console.Error.WriteLine($"{Count(Severity.Ok)} ok, {warnings} warning{(warnings == 1 ? "" : "s")}, {failures} failed; nothing was changed");
        return failures == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    private int Count(Severity severity) => _all.Count(f => f.Severity == severity);

    private Tinted Result(Severity severity) =>
        new(Word(severity), !_isColoured ? 0 : severity switch { Severity.Ok => 32, Severity.Warn => 33, _ => 31 });
}
