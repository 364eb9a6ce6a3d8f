using System.Text;

namespace Tandem.Cli;

/// <summary>
/// Where a new token goes: a file of mode 0600, a pipe, or a terminal whose owner said so. Decided, and the file made, before anything is
/// created on the server, so that no token is made that cannot be handed over.
/// </summary>
internal sealed class TokenOutput : IDisposable
{
    private readonly FileStream? _file;
    private bool _kept;

    private TokenOutput(FileStream? file) => _file = file;

    /// <summary>Whether the token goes to standard output.</summary>
    public bool OnStandardOutput => _file is null;

    /// <summary>Makes ready for a token.</summary>
    /// <exception cref="CommandException">There is nowhere to put it.</exception>
    public static TokenOutput Open(string? file, bool show)
    {
        if (file is not null)
        {
            return new(Create(Path.GetFullPath(file)));
        }

        return show || StandardOutputIsPipe() ? new(null)
            : throw new CommandException(ExitCode.Usage,
                "The token would be shown once, on a screen or in a file that others may read, so nothing was created. Choose where it goes: --token-file FILE (made with mode 0600), a pipe (only the token goes into it), or --show.");
    }

    /// <summary>Hands the token over.</summary>
    public void Write(string token, string lost)
    {
        try
        {
            if (_file is null)
            {
                Console.Out.WriteLine(token);
                Console.Out.Flush();
            }
            else
            {
                _file.Write(Encoding.ASCII.GetBytes(token + "\n"));
                _file.Flush(flushToDisk: true);
            }

            _kept = true;
        }
        catch (IOException e)
        {
            throw new CommandException(ExitCode.Failed, $"The token was created, but could not be handed over ({e.Message}) It is lost. {lost}", e);
        }
    }

    /// <summary>Closes the file; one that got no token goes away again.</summary>
    public void Dispose()
    {
        if (_file is null)
        {
            return;
        }

        _file.Dispose();
        if (!_kept)
        {
            File.Delete(_file.Name);
        }
    }

    private static FileStream Create(string path)
    {
        try
        {
            return new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            });
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new CommandException(ExitCode.Usage, $"{path} exists and is not overwritten. Nothing was created. Name another file: --token-file FILE", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"{path} cannot be made ({e.Message}) Nothing was created. Name another file: --token-file FILE", e);
        }
    }

    /// <summary>A redirection into a file is none: the file would have the mode that the umask gives.</summary>
    private static bool StandardOutputIsPipe()
    {
        if (!Console.IsOutputRedirected)
        {
            return false;
        }

        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(1, ownsHandle: false);
        using var stream = new FileStream(handle, FileAccess.Write, bufferSize: 0);
        return !stream.CanSeek;
    }
}
