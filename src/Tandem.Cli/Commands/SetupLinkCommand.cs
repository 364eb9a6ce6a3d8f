using System.CommandLine;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem setup-link</c>.</summary>
internal static class SetupLinkCommand
{
    public static Command Create()
    {
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("setup-link", "Print a new one-time link to create the first administrator of the console.") { data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var link = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), c => c.CreateSetupLinkAsync(cancel));
            if (format.Of(parsed) != OutputFormat.Table)
            {
                Output.WriteOne(format.Of(parsed), link, [("url", link.Url), ("valid_until", Print.Time(link.ValidUntil))]);
                return ExitCode.Done;
            }

            Console.Out.WriteLine(link.Url);
            await Console.Error.WriteLineAsync($"next: open it in a browser; it works once, until {Print.Time(link.ValidUntil)}");
            return ExitCode.Done;
        });
        return command;
    }
}
