using System.CommandLine;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem config</c>.</summary>
internal static class ConfigCommand
{
    public static Command Create() => new("config", "Look at the settings of a rotation.") { ShowVerb(), ValidateVerb() };

    private static Command ShowVerb()
    {
        var (options, output) = (new RotateOptions(), new Output());
        var command = new Command("show", "Show each setting, and where it came from. A token is shown by its fingerprint.");
        options.AddTo(command);
        output.AddTo(command);
        command.SetAction(parsed => Failures.InWords(() =>
        {
            var shown = new RotateSettings(options, parsed).Shown();
            Output.Write(output.Of(parsed), [.. shown.Select(s => new SettingInfo(s.Name, s.Value, s.Source))], CliJson.Default.IReadOnlyListSettingInfo,
                [["SETTING", "VALUE", "SOURCE"], .. shown.Select(s => new[] { s.Name, s.Value ?? "-", s.Source })]);
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command ValidateVerb()
    {
        var options = new RotateOptions();
        var command = new Command("validate", "Check the plan. All that is wrong is told at once; nothing is asked over the network.");
        options.AddTo(command);
        command.SetAction(parsed => Failures.InWords(() =>
        {
            var settings = new RotateSettings(options, parsed);
            if (settings.PlanSource.Value is null)
            {
                throw new CommandException(ExitCode.Usage, "There is no plan to check: no tandem.toml here, no TANDEM_CONFIG. Name one: --config FILE");
            }

            Console.Error.WriteLine($"{settings.PlanSource.Value} is well-formed, with {settings.Destinations.Count} destination{(settings.Destinations.Count == 1 ? "" : "s")}. Next: tandem destination test");
            return ExitCode.Done;
        }));
        return command;
    }
}
