namespace Tandem.Server;

/// <summary>Text for a shell to read.</summary>
public static class Shell
{
    /// <summary>Quotes a word for a POSIX shell, if it needs to be.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-:=@%+,".Contains(c, StringComparison.Ordinal)) ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
