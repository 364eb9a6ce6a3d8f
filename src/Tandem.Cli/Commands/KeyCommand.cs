using System.CommandLine;
using System.Globalization;
using Tandem.Client;
using Tandem.Server;
using Tandem.Storage;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem key</c>: the root key, and what rests on it.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        var command = new Command("key", "Look at the server's keys, change the root key, prove a copy of it.");
        command.Add(CreateStatus());
        command.Add(CreateRotate());
        command.Add(CreateCheck());
        return command;
    }

    private static Command CreateStatus()
    {
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("status", "Show which keys there are and what rests on the older ones. Never a key.") { data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var keys = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), c => c.GetKeysAsync(cancel));
            Show(format.Of(parsed), keys, keys);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateRotate()
    {
        var (data, format, yes) = (LocalServer.DataOption(), new Output(), TokenCommand.YesOption());
        var to = new Option<string>("--to") { HelpName = "FILE", Description = "Take the new root key from this file, for keys that something else keeps; without it the server makes one and puts it in place." };
        var command = new Command("rotate", "Put a new root key into the place of the old one, while the server runs. No token changes.") { to, yes, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (directory, file) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetValue(to) is { Length: > 0 } named ? Path.GetFullPath(named) : null);
            await Confirm.AskAsync(
                file is null
                    ? "The server makes a new root key and erases the old one. Copies of the old key open nothing of the database from then on; backups made before need it still."
                    : $"The server wraps its data keys under the key in {file}. From then on it starts with that key alone.",
                parsed.GetValue(yes),
                cancel);
            var rotated = await LocalServer.AskAsync(directory, c => c.RotateKeysAsync(new() { RootKeyFile = file }, cancel));
            Show(format.Of(parsed), rotated, rotated.Keys);
            await Console.Error.WriteLineAsync($"The root key is {rotated.Keys.RootKeyId} now; it was {rotated.FormerRootKeyId}.");
            await Console.Error.WriteLineAsync(rotated.InPlace
                ? $"Back the new key up, apart from the database: {rotated.Keys.RootKeyFile}. Prove the copy: tandem key check COPY"
                : $"Start the server with it from now on: TANDEM_ROOT_KEY_FILE={Shell.Quote(rotated.Keys.RootKeyFile)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateCheck()
    {
        var key = new Argument<string>("KEYFILE") { Description = "A copy of the root key." };
        var backup = new Option<string>("--backup") { HelpName = "FILE", Description = "Whether it opens this backup (one that is not encrypted), in place of the server's database." };
        var data = LocalServer.DataOption();
        var command = new Command("check", "Prove that a copy of the root key opens the database. Nothing is changed.") { key, backup, data };
        command.SetAction(parsed =>
        {
            var database = parsed.GetValue(backup) is { Length: > 0 } file ? Path.GetFullPath(file) : Path.Combine(LocalServer.Directory(parsed.GetValue(data)), "tandem.db");
            try
            {
                using var copy = RootKeyFile.Read(Path.GetFullPath(parsed.GetRequiredValue(key)));
                var opened = DatabaseAtRest.Prove(database, copy);
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The key {Convert.ToHexStringLower(copy.Id)} opens {database}: {opened} of {opened} data keys."));
                return ExitCode.Done;
            }
            catch (Exception e) when (e is StartException or StoreException)
            {
                throw new CommandException(ExitCode.Precondition, e.Message.Replace(" the server did not start.", "", StringComparison.OrdinalIgnoreCase), e);
            }
        });
        return command;
    }

    private static void Show<T>(OutputFormat format, T answer, KeysInfo keys)
    {
        if (format == OutputFormat.Table)
        {
            Console.Out.WriteLine($"root key {keys.RootKeyId}   {keys.RootKeyFile}");
        }

        Output.Write(format, answer, [["KEY", "FOR", "CREATED", "WRAPPED UNDER"], .. keys.DataKeys.Select(k => (string[])
            [k.Id.ToString(CultureInfo.InvariantCulture), k.Purpose, Print.Time(k.DateCreated), k.RootKeyId])]);
        if (format != OutputFormat.Table)
        {
            return;
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{keys.UnderOtherRootKeys} left under another root key; {keys.OldSeals} sealed with an older seal key"));
        foreach (var seal in keys.OldSealAccounts)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {seal.AccountSid}  {seal.Slot}  seal key {seal.SealKey}"));
        }

        if (keys.OldSeals > 0)
        {
            Console.Out.WriteLine("An older seal key is removed when the last of these tokens has been promoted or deleted.");
        }
    }
}
