namespace Tandem.Cli;

/// <summary>The exit codes, as <c>docs/cli.md</c> explains them. The server has one more: <see cref="Tandem.Server.FailStop.ExitCode"/>.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Declined = 3;
    public const int Forbidden = 4;
    public const int Precondition = 5;
    public const int Destination = 6;
    public const int Verification = 7;
    public const int Pending = 8;
    public const int Interrupted = 130;
}

/// <summary>Ends a command with an exit code. The message says what happened, what it means and what to do next.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
