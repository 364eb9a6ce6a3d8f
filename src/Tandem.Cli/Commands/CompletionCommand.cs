using System.CommandLine;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem completion</c>.</summary>
internal static class CompletionCommand
{
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "Which shell's." };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command("completion", "Print the script that lets a shell complete tandem's words: source <(tandem completion bash).") { shell };
        command.SetAction(parsed =>
        {
            Console.Out.Write(CompletionScripts.For(parsed.GetRequiredValue(shell)));
            return ExitCode.Done;
        });
        return command;
    }
}
