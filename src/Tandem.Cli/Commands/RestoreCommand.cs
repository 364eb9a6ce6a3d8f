using System.CommandLine;
using System.Globalization;
using Tandem.Server;
using Tandem.Server.Backups;
using Tandem.Storage;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem restore</c>: a backup into an empty data directory.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The backup." };
        var identity = new Option<string>("--identity", "-i") { HelpName = "KEYFILE", Description = "The private key that opens it when it is encrypted: a file of age-keygen's." };
        var data = new Option<string>("--data") { HelpName = "DIR", Description = "An empty data directory, or one with a root key alone. [default: $TANDEM_DATA, else ./tandem-data]" };
        var command = new Command("restore", "Put a backup into an empty data directory. Needs the root key; whether it is too old, the next start says.") { file, identity, data };
        command.SetAction(async (parsed, cancel) =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(file));
            if (!File.Exists(path))
            {
                throw new CommandException(ExitCode.Usage, $"There is no file {path}. Nothing was done.");
            }

            using var key = parsed.GetValue(identity) is { Length: > 0 } named ? await ReadIdentityAsync(named, cancel) : null;
            try
            {
                var directory = LocalServer.Directory(parsed.GetValue(data));
                var restored = await Restore.RunAsync(
                    path, key, new() { DataDirectory = directory, RootKeyFile = Settings.RootKeyPath(), AnchorFile = Settings.FilePath(Settings.AnchorFile) }, cancel);
                Console.Out.WriteLine(Describe(restored, directory));
                return ExitCode.Done;
            }
            catch (Exception e) when (e is StartException or StoreException)
            {
                throw new CommandException(ExitCode.Precondition, e.Message.Replace(" The server did not start.", "", StringComparison.Ordinal), e);
            }
        });
        return command;
    }

    private static string Describe(Restored restored, string directory)
    {
        var (database, ahead, missing) = restored;
        var last = database.At is { } at ? $", the last change of {Print.Time(at)}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Restored into {directory}: {database.Epoch} changes{last}. Every session of the console has ended.\n{(missing is not null
                ? $"There is no anchor {missing}, so the start cannot tell what was retired since; with --require-anchor it is refused. Name the anchor that the database had: TANDEM_ANCHOR_FILE=FILE tandem serve --data {Shell.Quote(directory)}"
                : ahead is null
                ? $"Start it: tandem serve --data {Shell.Quote(directory)}"
                : $"It is older than its anchor, which knows of a token retired by change {ahead}: tokens that were retired since would be valid again. If there is a newer backup, restore that one. The start names the accounts: tandem serve --data {Shell.Quote(directory)}")}");
    }

    private static async Task<AgeIdentity> ReadIdentityAsync(string file, CancellationToken cancel)
    {
        try
        {
            return AgeIdentity.TryParse(await File.ReadAllTextAsync(file, cancel), out var identity) ? identity
                : throw new CommandException(ExitCode.Usage, $"{file} holds no private key of age: a line that begins with AGE-SECRET-KEY-1. Nothing was done.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"{file} cannot be read ({e.Message.TrimEnd('.')}). Nothing was done.", e);
        }
    }
}
