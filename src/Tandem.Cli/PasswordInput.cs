using System.CommandLine;
using System.Text;

namespace Tandem.Cli;

/// <summary>A new password on its way in: from a file, from standard input, or typed twice at a terminal. Never from the command line.</summary>
internal static class PasswordInput
{
    public static Option<string> Option() => new("--password-file")
    {
        HelpName = "FILE",
        Description = "Read the password from this file, or with - from standard input; a line end is cut. Without it you are asked.",
    };

    /// <summary>Reads it.</summary>
    /// <exception cref="CommandException">There is no terminal to ask at, the file cannot be read, or the two are not the same.</exception>
    public static async Task<string> ReadAsync(string? file, string name, CancellationToken cancel)
    {
        if (file is not null)
        {
            return await ReadFileAsync(file, cancel);
        }

        if (Console.IsInputRedirected)
        {
            throw new CommandException(ExitCode.Usage, "Nothing was changed, because there is no terminal to ask for the password at. Give it with --password-file FILE, or with - in a pipe; or let the person choose: --link");
        }

        var typed = await AskAsync($"New password for {name}: ", cancel);
        return string.Equals(typed, await AskAsync("The same again: ", cancel), StringComparison.Ordinal)
            ? typed
            : throw new CommandException(ExitCode.Usage, "These two were not the same. Nothing was changed.");
    }

    private static async Task<string> ReadFileAsync(string file, CancellationToken cancel)
    {
        try
        {
            var text = file is "-" ? await Console.In.ReadToEndAsync(cancel) : await File.ReadAllTextAsync(file, cancel);
            return text.TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"The password cannot be read from {file} ({e.Message}) Nothing was changed.", e);
        }
    }

    private static async Task<string> AskAsync(string question, CancellationToken cancel)
    {
        _ = Console.KeyAvailable; // from here on the terminal shows nothing that is typed, however fast; ReadKey alone would begin with it a moment after the question
        await Console.Error.WriteAsync(question);

        // Awaited beside the token: a plain ReadKey would keep Ctrl-C from ending the process.
        var typed = await Task.Run(ReadHidden, cancel).WaitAsync(cancel);
        await Console.Error.WriteLineAsync();
        return typed;
    }

    private static string ReadHidden()
    {
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (key.KeyChar != '\0')
            {
                typed.Append(key.KeyChar);
            }
        }

        return typed.ToString();
    }
}
