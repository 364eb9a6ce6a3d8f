namespace Tandem.Cli;

/// <summary>Secrets on their way in: from a variable, from the file that another variable names, from a file or from standard input. Never from an argument.</summary>
internal static class SecretInput
{
    /// <summary>A secret from a variable or from the file that its <c>_FILE</c> form names; null for neither.</summary>
    /// <exception cref="CommandException">Both are set, which is a mistake that nobody should guess about; or the file cannot be read.</exception>
    public static (string Text, string Source)? FromEnvironment(string variable)
    {
        var fileVariable = variable + "_FILE";
        return (Variable(variable), Variable(fileVariable)) switch
        {
            ({ }, { }) => throw new CommandException(ExitCode.Usage, $"Both {variable} and {fileVariable} are set. Nothing was done. Keep one."),
            (_, { } file) => (FromFile(file, fileVariable), fileVariable),
            ({ } value, _) => (value, variable),
            _ => null,
        };
    }

    /// <summary>The text of a file, less the line ends behind it.</summary>
    /// <exception cref="CommandException">It cannot be read.</exception>
    public static string FromFile(string path, string source)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"{source} cannot be read: {e.Message} Nothing was done.", e);
        }
    }

    /// <summary>The lines of standard input, less the line ends.</summary>
    public static IReadOnlyList<string> LinesOfStandardInput() => Console.In.ReadToEnd().TrimEnd('\r', '\n').Split('\n', StringSplitOptions.None).Select(line => line.TrimEnd('\r')).ToList();

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
