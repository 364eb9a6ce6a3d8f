namespace Tandem.Cli;

/// <summary>The question before something stops working.</summary>
internal static class Confirm
{
    /// <summary>Says what would happen and asks. A script cannot be asked and must say <c>--yes</c>.</summary>
    /// <exception cref="CommandException">Declined, or nobody there to ask.</exception>
    public static async Task AskAsync(string consequence, bool yes, CancellationToken cancel)
    {
        if (yes)
        {
            return;
        }

        if (Console.IsInputRedirected)
        {
            throw new CommandException(ExitCode.Usage, $"{consequence} Nothing was changed, because there is no terminal to ask at. To do it: --yes");
        }

        await Console.Error.WriteAsync($"{consequence} Continue? [y/N] ");

        if (!await IsYesAsync(cancel))
        {
            throw new CommandException(ExitCode.Declined, "Declined. Nothing was changed.");
        }
    }

    /// <summary>Whether a yes is typed.</summary>
    public static async Task<bool> IsYesAsync(CancellationToken cancel) => (await ReadLineAsync(cancel))?.ToLowerInvariant() is "y" or "yes";

    /// <summary>What is typed, less the blanks around it. Awaited beside the token: a plain ReadLine would keep Ctrl-C from ending the process.</summary>
    public static async Task<string?> ReadLineAsync(CancellationToken cancel) =>
        (await Task.Run(Console.ReadLine, cancel).WaitAsync(cancel))?.Trim();
}
