using System.CommandLine;
using Tandem.Server;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem env</c>.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        var client = new Argument<string>("CLIENT") { Description = "Whose settings." };
        client.AcceptOnlyFromAmong([.. ClientRecipes.Clients]);
        var data = LocalServer.DataOption();
        var command = new Command("env", "Print the lines that send an unmodified Twilio client to this server: eval \"$(tandem env node)\".") { client, data };
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var server = await LocalServer.AskAsync(directory, c => c.GetServerAsync(cancel));
            if (server is not { TwilioProxy: { } proxy, TwilioProxyCa: { } ca })
            {
                throw new CommandException(ExitCode.Precondition,
                    $"The server of {directory} has no Twilio proxy, so there is nothing that a client could be pointed at. Start it with one: tandem serve --data {Shell.Quote(directory)} --twilio-proxy 127.0.0.1:7443");
            }

            if (!Uri.TryCreate($"http://{proxy}", UriKind.Absolute, out var named))
            {
                throw new CommandException(ExitCode.Failed,
                    "The server does not say where its Twilio proxy is: what it answered is no host and port. Look: tandem doctor");
            }

            var here = new Uri(RunningServer.ReachableFromHere($"http://{named.Authority}")).Authority;
            Console.Out.WriteLine("# Only *.twilio.com passes this proxy: use these lines for this client alone, not for a whole login.");
            foreach (var line in ClientRecipes.For(parsed.GetRequiredValue(client), here, ca))
            {
                Console.Out.WriteLine(line);
            }

            return ExitCode.Done;
        });
        return command;
    }
}
