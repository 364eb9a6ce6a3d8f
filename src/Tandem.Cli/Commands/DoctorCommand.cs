using System.Collections;
using System.CommandLine;
using Tandem.Cli.Doctor;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem doctor</c>.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var (options, format, noColor) = (new RotateOptions((Option<bool>)Settings.PlainHttp.Option!), new Output(), ErrorTerminal.NoColorOption());
        var through = new Option<Uri>("--through")
        {
            HelpName = "URL",
            Description = "Ask this URL behind your proxy with a made-up credential and with none: an API that answers is open.",
            CustomParser = result => Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : Refuse(result),
        };
        var command = new Command("doctor", "Look at settings, files, machine, server and rotations, and say what is wrong and what to do. Changes nothing.") { through, noColor };
        foreach (var option in Settings.All.Select(s => s.Option).OfType<Option>())
        {
            command.Add(option);
        }

        options.AddTo(command);
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var subject = await Meet(parsed).MeetAsync(cancel);
            ICheckup[] checkups =
            [
                new SettingsCheckup(), new FilesCheckup(), new AnchorCheckup(), new ListenersCheckup(TimeProvider.System), new ProxyCheckup(), new MachineCheckup(),
                new ServerCheckup(parsed.GetValue(through)), new ClockCheckup(TimeProvider.System), new RotationsCheckup(options, parsed), new IssuerCheckup(options, parsed),
            ];
            var report = new DoctorReport(format.Of(parsed), parsed.GetValue(noColor));
            foreach (var checkup in checkups)
            {
                try
                {
                    await foreach (var finding in checkup.ExamineAsync(subject, cancel))
                    {
                        report.Add(finding);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    report.Add(Finding.Fail("files", $"not everything may be looked at: {e.Message}", "run it as the server's own user, with sudo -u"));
                }
            }

            return report.Finish();
        });
        return command;
    }

    private static Subject Meet(ParseResult parsed)
    {
        var reader = new ServeSettingsReader(parsed, Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal));
        var settings = reader.Read();
        settings.Import?.Token.Dispose();
        return new() { Options = settings.Options, Problems = reader.Problems };
    }

    private static Uri? Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError("--through is a URL: https://host/path.");
        return null;
    }
}
