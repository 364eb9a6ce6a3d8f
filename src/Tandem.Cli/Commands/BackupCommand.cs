using System.CommandLine;
using System.Globalization;
using Tandem.Client;
using Tandem.Server;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem backup</c>: the database of a running server in one file.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The backup: a new file, mode 0600; - for standard output." };
        var recipient = new Option<string[]>("--recipient", "-r") { HelpName = "age1…", Description = "Encrypt it to this public key, as age-keygen prints it; several by repeating. [default: the server's $TANDEM_BACKUP_RECIPIENT]" };
        var plain = new Option<bool>("--plain") { Description = "Do not encrypt it, whatever the server's settings say." };
        var data = LocalServer.DataOption();
        var command = new Command("backup", "Copy the database of a running server into a file. The root key is not in it: keep a copy of that elsewhere.") { file, recipient, plain, data };
        command.Validators.Add(result =>
        {
            if (result.GetValue(plain) && result.GetValue(recipient) is { Length: > 0 })
            {
                result.AddError("--plain and --recipient exclude each other.");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (directory, name) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetRequiredValue(file));
            var request = new BackupRequest { Recipients = parsed.GetValue(plain) ? [] : parsed.GetValue(recipient) is { Length: > 0 } named ? named : null };
            return name is "-" ? await PrintAsync(directory, request, cancel) : await WriteAsync(directory, Path.GetFullPath(name), request, cancel);
        });
        return command;
    }

    private static async Task<int> PrintAsync(string directory, BackupRequest request, CancellationToken cancel)
    {
        if (!Console.IsOutputRedirected)
        {
            throw new CommandException(ExitCode.Usage, "A backup is no text for a terminal. Nothing was done. Name a file, or put a pipe behind it: tandem backup - | …");
        }

        await using var output = Console.OpenStandardOutput();
        await LocalServer.AskAsync(directory, c => c.BackUpAsync(request, output, cancel), Timeout.InfiniteTimeSpan);
        return ExitCode.Done;
    }

    private static async Task<int> WriteAsync(string directory, string path, BackupRequest request, CancellationToken cancel)
    {
        if (File.Exists(path))
        {
            throw new CommandException(ExitCode.Precondition, $"{path} exists, and a backup replaces no file. Nothing was done. Name a new one.");
        }

        var beside = $"{path}.part";
        try
        {
            int keys;
            long size;
            await using (var into = new FileStream(beside, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                keys = await LocalServer.AskAsync(directory, c => c.BackUpAsync(request, into, cancel), Timeout.InfiniteTimeSpan);
                into.Flush(flushToDisk: true);
                size = into.Length;
            }

            File.Move(beside, path, overwrite: false);
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {size} bytes, {(keys == 0 ? "not encrypted (--recipient age1… does)" : $"encrypted to {keys} key{(keys == 1 ? "" : "s")}")}. It opens with the root key alone, which is not in it. Restore: tandem restore {Shell.Quote(path)}{(keys == 0 ? "" : " --identity KEYFILE")} --data DIR"));
            return ExitCode.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"The backup cannot be written to {path} ({e.Message.TrimEnd('.')}). There is none.", e);
        }
        finally
        {
            File.Delete(beside);
        }
    }
}
