using System.Globalization;
using System.Text.Json;
using Tandem.Rotations;

namespace Tandem.Cli;

/// <summary>Tells people, or a machine, how a rotation goes: a line an event on standard error, or with <c>-o json</c> an object a line on standard output.</summary>
internal sealed class RotateOutput(OutputFormat format, ErrorTerminal terminal, bool withAccount)
{
    private static readonly string[] s_steps = ["preflight", "create", "deliver", "watch", "promote", "settle", "verify", "tidy"];

    private readonly Lock _writing = new();
    private string _lastStep = "";

    public OutputFormat Format => format;

    public ErrorTerminal Terminal => terminal;

    public void Report(RotationEvent e)
    {
        lock (_writing)
        {
            if (format == OutputFormat.Json)
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(e, RotationJson.Default.RotationEvent));
                return;
            }

            var line = Line(e);
            if (e.Result is "waiting")
            {
                terminal.Passing(line);
                return;
            }

            terminal.Line(line);
            _lastStep = e.Step;
        }
    }

    private Tinted[] Line(RotationEvent e)
    {
        var number = Array.IndexOf(s_steps, e.Step) + 1;
        var step = string.Equals(e.Step, _lastStep, StringComparison.Ordinal) && !withAccount ? new string(' ', 14)
            : string.Create(CultureInfo.InvariantCulture, $"{(number > 0 ? $"  {number}  " : "     ")}{e.Step,-9}");
        var about = e.Destination is null ? "" : $"{e.Destination}   ";
        var took = e.Seconds is { } seconds ? $"   {Durations.Show(TimeSpan.FromSeconds(seconds))}" : "";
        var result = e.Result switch
        {
            "ok" => terminal.Good("ok"),
            "warning" => terminal.Doubtful("warning"),
            "failed" => terminal.Bad("failed"),
            _ => terminal.Quiet("…"),
        };
        var account = withAccount ? $"{e.AccountSid}  " : "";
        return e.Result is "failed" ? [$"{account}{step}  {about}", result, took]
            : [$"{account}{step}  {about}{e.Text}   ", result, terminal.Quiet(took)];
    }
}
