using System.Runtime.InteropServices;
using System.Text;

namespace Tandem.Server;

/// <summary>
/// Ends the process at once: no handler, no finalizer, no flush, because any of them could answer a client or touch the files whose
/// state is unknown. The next start finds everything as a crash would have left it, which the store is made for.
/// </summary>
public static partial class FailStop
{
    /// <summary>The exit status: EX_IOERR of sysexits.h.</summary>
    public const int ExitCode = 74;

    /// <summary>Writes one sentence to standard error and ends the process with <see cref="ExitCode"/>.</summary>
    public static void Now(string sentence)
    {
        // The console's own writer has locks that another thread may hold for ever.
        var line = Encoding.UTF8.GetBytes(sentence + "\n");
        _ = Write(2, line, line.Length);
        Exit(ExitCode);
    }

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);
}
