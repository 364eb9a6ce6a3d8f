using System.Text;

namespace Tandem.Cli.Claims;

/// <summary>The forms in which a token's text may lie in a file: plain, UTF-16, the bytes that its digits stand for, base64 at the three alignments.</summary>
internal static class TokenForms
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<(string What, byte[] Bytes)> Of(string token)
    {
        List<(string, byte[])> forms =
        [
            ("text", Encoding.ASCII.GetBytes(token)),
            ("UTF-16", Encoding.Unicode.GetBytes(token)),
            ("bytes", Convert.FromHexString(token)),
        ];
        for (var shift = 0; shift < 3; shift++)
        {
            // Behind one or two foreign bytes the first characters depend on them, and the last on what follows: leave those out.
            var shifted = Convert.ToBase64String([.. new byte[shift], .. Encoding.ASCII.GetBytes(token)]);
            forms.Add(($"base64+{shift}", Encoding.ASCII.GetBytes(shifted[4..^4])));
        }

        return forms;
    }

    /// <summary>Where such a form lies in a directory, in words; empty when nowhere.</summary>
    public static IReadOnlyList<string> FindIn(string directory, string token) => [.. FindIn(directory, Of(token)).Select(found => $"a token's {found}")];

    /// <summary>The same for whatever bytes. Sockets, and the files that a server holds for itself alone, are passed over.</summary>
    public static IReadOnlyList<string> FindIn(string directory, IReadOnlyList<(string What, byte[] Bytes)> forms, string pattern = "*")
    {
        var found = new List<string>();
        foreach (var file in Directory.EnumerateFiles(directory, pattern, SearchOption.AllDirectories).Where(f => !f.EndsWith(".sock", StringComparison.Ordinal) && Path.GetFileName(f) is not ("lock" or "anchor")))
        {
            byte[] content;
            try
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                content = new byte[stream.Length];
                stream.ReadExactly(content);
            }
            catch (FileNotFoundException)
            {
                continue; // erased meanwhile
            }

            found.AddRange(forms.Where(f => content.AsSpan().IndexOf(f.Bytes) >= 0).Select(f => $"{f.What} in {Path.GetFileName(file)}"));
        }

        return found;
    }

    /// <summary>Whether such a form is in a text.</summary>
    public static bool AreIn(string text, string token) => AreIn(text, Of(token));

    /// <summary>The same for whatever bytes.</summary>
    public static bool AreIn(string text, IReadOnlyList<(string What, byte[] Bytes)> forms)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return forms.Any(f => bytes.AsSpan().IndexOf(f.Bytes) >= 0);
    }
}
