using System.CommandLine;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem destination</c>.</summary>
internal static class DestinationCommand
{
    public static Command Create() => new("destination", "Look at where a rotation delivers.") { ListVerb(), TestVerb() };

    private static Command ListVerb()
    {
        var (options, output) = (new RotateOptions(), new Output());
        var command = new Command("list", "List the plan's destinations.");
        options.AddTo(command);
        output.AddTo(command);
        command.SetAction(parsed => Failures.InWords(() =>
        {
            var all = new RotateSettings(options, parsed).Destinations;
            Output.Write(output.Of(parsed), [.. all.Select(d => RotatePreview.Describe(d, new()))], CliJson.Default.IReadOnlyListDestinationInfo,
            [
                ["TYPE", "NAME", "BOTH TOKENS", "WEBHOOKS", "CHECK"],
                .. all.Select(d => new[] { d.Type, d.Name, d.HoldsBoth ? "yes" : "no", d.ReceivesWebhooks switch { true => "yes", false => "no", _ => "-" }, d.HasCheck ? "yes" : "no" }),
            ]);
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command TestVerb()
    {
        var (options, output) = (new RotateOptions(), new Output());
        var command = new Command("test", "Look whether every destination can be delivered to. Writes nothing and runs nothing.");
        options.AddTo(command);
        output.AddTo(command);
        command.SetAction((parsed, cancel) => Failures.InWordsAsync(async () =>
        {
            var settings = new RotateSettings(options, parsed);
            var token = settings.Sid.Value is null ? null : settings.ReadToken().Token;
            var found = new List<DestinationInfo>();
            foreach (var destination in settings.Destinations)
            {
                found.Add(RotatePreview.Describe(destination, await destination.InspectAsync(token, cancel)));
            }

            if (found.Count == 0)
            {
                throw new CommandException(ExitCode.Usage, "There is no destination to test. Name one: --dotenv FILE, or [[destination]] in tandem.toml (docs/rotate.md).");
            }

            var format = output.Of(parsed);
            if (format == OutputFormat.Table)
            {
                found.ForEach(RotatePreview.Show);
            }
            else
            {
                Output.Write(format, found, CliJson.Default.IReadOnlyListDestinationInfo, RotatePreview.Rows(found));
            }

            var failed = found.Count(d => d.Problems.Count > 0);
            await Console.Error.WriteLineAsync(failed == 0 ? "every destination can be delivered to; nothing was changed" : $"{failed} of {found.Count} destinations cannot be delivered to; nothing was changed");
            return failed == 0 ? ExitCode.Done : ExitCode.Destination;
        }));
        return command;
    }
}
