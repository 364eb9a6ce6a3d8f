using System.CommandLine;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem setup-link</c>.</summary>
internal static class SetupLinkCommand
{
    public static Command Create()
    {
        var (data, json) = (LocalServer.DataOption(), LocalServer.JsonOption());
        var command = new Command("setup-link", "Print a new one-time link to create the first administrator of the console.") { data, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var link = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), c => c.CreateSetupLinkAsync(cancel));
            if (parsed.GetValue(json))
            {
                Print.Json(link);
                return ExitCode.Done;
            }

            Console.Out.WriteLine(link.Url);
            await Console.Error.WriteLineAsync($"next: open it in a browser; it works once, until {Print.Time(link.ValidUntil)}");
            return ExitCode.Done;
        });
        return command;
    }
}
