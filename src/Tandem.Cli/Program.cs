using System.CommandLine;
using System.CommandLine.Invocation;
using Tandem.Cli;
using Tandem.Cli.Commands;
using Tandem.Server;

Screen.Install();
var root = new RootCommand("Replace an API's auth token without an outage. Speaks Twilio's Auth Token API.")
{
    DemoCommand.Create(),
    ServeCommand.Create(),
    RotateCommand.Create(),
    DestinationCommand.Create(),
    ConfigCommand.Create(),
    EnvCommand.Create(),
    AccountCommand.Create(),
    TokenCommand.Create(),
    ConsumersCommand.Create(),
    UsageCommand.Create(),
    AuditCommand.Create(),
    KeyCommand.Create(), BackupCommand.Create(), RestoreCommand.Create(),
    UserCommand.Create(), SetupLinkCommand.Create(),
    VerifyClaimsCommand.Create(),
    VerifySignatureCommand.Create(),
    DoctorCommand.Create(),
    CompletionCommand.Create(),
};
root.SetAction((_, cancel) => root.Parse(["--help"]).InvokeAsync(cancellationToken: cancel));

// No response files: an argument that begins with @ is an argument.
var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Action is ParseErrorAction wrong)
{
    wrong.ShowHelp = false;
    await parsed.InvokeAsync();
    await Console.Error.WriteLineAsync($"Nothing was done. See: tandem {string.Concat(Verbs(parsed).Reverse())}--help");
    return ExitCode.Usage;
}

var verb = parsed.CommandResult.Command.Name;
PrivateProcess.Begin(isServer: verb.Equals(ServeCommand.Name, StringComparison.Ordinal));
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,

        // The server ends by its own lifetime, which drains first. Every other verb has its token cancelled; the demonstration has a server to stop.
        ProcessTerminationTimeout = verb is ServeCommand.Name ? null : TimeSpan.FromSeconds(verb is DemoCommand.Name ? 15 : 2),
    });
}
catch (CommandException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e.ExitCode;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("Interrupted.");
    return ExitCode.Interrupted;
}
catch (TypeInitializationException e) when (e.ToString().Contains("e_sqlite3", StringComparison.Ordinal))
{
    await Console.Error.WriteLineAsync($"A library that tandem needs does not lie beside the program, in {AppContext.BaseDirectory}. Nothing was done. Copy all files that were published, not the program alone.");
    return ExitCode.Failed;
}
catch (Exception e)
{
    // A fault of ours. Left alone it would abort the process, and a core dump may hold tokens.
    await Console.Error.WriteLineAsync($"tandem failed in a way that it does not know. If something was to be changed, look whether it was. Please report this:\n{e}");
    return ExitCode.Failed;
}

static IEnumerable<string> Verbs(ParseResult parsed)
{
    for (var at = parsed.CommandResult; at.Command is not RootCommand; at = (System.CommandLine.Parsing.CommandResult)at.Parent!)
    {
        yield return at.Command.Name + " ";
    }
}
