using System.Runtime.InteropServices;

namespace Tandem.Cli;

/// <summary>
/// How wide a terminal is, asked of the kernel. The base library would tell as well, but puts the terminal into another mode first, with
/// characters of its own on standard output.
/// </summary>
internal static partial class TerminalWidth
{
    /// <summary>Columns of standard output; null when it is no terminal, or one that does not say.</summary>
    public static int? OfOutput => Of(1);

    /// <summary>Columns of standard error; null when it is no terminal, or one that does not say.</summary>
    public static int? OfError => Of(2);

    private static int? Of(int descriptor)
    {
        const nuint getWindowSize = 0x5413; // TIOCGWINSZ of Linux
        return Control(descriptor, getWindowSize, out var size) == 0 && size.Columns > 0 ? size.Columns : null;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, out WindowSize size);

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct WindowSize
    {
        public readonly ushort Rows;
        public readonly ushort Columns;
        public readonly ushort Width;
        public readonly ushort Height;
    }
}
