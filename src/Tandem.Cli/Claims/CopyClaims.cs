using System.Text;

namespace Tandem.Cli.Claims;

/// <summary>Trials of what a copy of the database, or a change to it past the server, can do.</summary>
internal static class CopyClaims
{
    private const int Accounts = 4;
    private const int Backups = 3;
    private const int Retired = 20;

    /// <summary>Backups while accounts rotate: each opens as a whole, and none holds what was retired before it began.</summary>
    public static async Task<TrialResult> BackupsAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel, ChildServer.Unthrottled);
        var accounts = await server.CreateAccountsAsync(Accounts);
        var retired = new List<string>();
        foreach (var (sid, token) in await server.CreateAccountsAsync(Retired))
        {
            await RotateAsync(server, sid, token);
            retired.Add(token);
        }

        var against = new List<string>();
        var owners = new Owners(server.Caller, accounts);
        await owners.WorkAsync(async () =>
        {
            for (var i = 0; i < Backups; i++)
            {
                var home = Directory.CreateDirectory(Path.Combine(server.Home, $"backup-{i}")).FullName;
                against.AddRange(await BackUpAsync(server, home, retired, cancel));
            }
        });
        return TrialResult.Of(
            against.Concat(owners.FindViolations()), $"{Backups} backups during {owners.Promotes} promotes, restored and verified; {Retired} tokens retired before them not found");
    }

    /// <summary>The newest database is lost, and an older backup put into its place.</summary>
    public static async Task<TrialResult> OlderCopyAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel);
        var accounts = await server.CreateAccountsAsync(Accounts);
        var backup = Path.Combine(server.Home, "older.db");
        var against = new List<string>();
        against.AddRange(await OperateAsync(server.Data, ["backup", backup], cancel));
        foreach (var (sid, token) in accounts)
        {
            await RotateAsync(server, sid, token);
        }

        await server.KillAsync();
        var lost = Path.Combine(server.Home, "lost");
        Directory.Move(server.Data, lost);
        Directory.CreateDirectory(server.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Copy(Path.Combine(lost, Path.GetFileName(server.RootKeyFile)), server.RootKeyFile);
        against.AddRange(await OperateAsync(server.Data, ["restore", backup], cancel));

        var (exit, said) = await ChildServer.TryStartAsync(server.Data, cancel);
        var named = accounts.Count(a => said.Contains(a.Sid, StringComparison.Ordinal));
        if (exit == ExitCode.Done || named != accounts.Count)
        {
            against.Add($"the older copy was not refused as it should be (exit code {exit})");
        }

        return TrialResult.Of(against, $"{accounts.Count} tokens retired after the backup; its start ends with exit code {exit} and names {named} accounts");
    }

    /// <summary>One bit of the audit's links is turned over in the file, of one entry after the other.</summary>
    public static async Task<TrialResult> AlteredAuditAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel);
        foreach (var (sid, token) in await server.CreateAccountsAsync(Accounts))
        {
            await RotateAsync(server, sid, token);
        }

        await server.KillAsync();
        var file = Path.Combine(server.Data, "tandem.db");
        var database = await File.ReadAllBytesAsync(file, cancel);
        var (against, found) = (new List<string>(), 0);
        foreach (var (number, link) in Links(server.AnchorFile))
        {
            var at = database.AsSpan().IndexOf(link);
            if (at < 0)
            {
                against.Add($"entry {number} is not in the database");
                continue;
            }

            database[at] ^= 1;
            await File.WriteAllBytesAsync(file, database, cancel);
            var (exit, said) = await server.OperateAsync(cancel, "audit", "verify");
            var isNamed = exit == ExitCode.Verification && said.Contains($"Entry {number} ", StringComparison.Ordinal);
            (found, database[at]) = (found + (isNamed ? 1 : 0), (byte)(database[at] ^ 1));
            if (!isNamed)
            {
                against.Add($"altered, entry {number} is not named");
            }
        }

        await File.WriteAllBytesAsync(file, database, cancel);
        against.AddRange(await OperateAsync(server.Data, ["audit", "verify"], cancel));
        return TrialResult.Of(against, $"{found} altered entries named, and none when all were put back");
    }

    /// <summary>Of every call that retired a token: the number of its audit entry, and its link.</summary>
    private static IEnumerable<(string Number, byte[] Link)> Links(string anchor) =>
        File.ReadLines(anchor, Encoding.ASCII).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts.Length == 5 && parts[3].StartsWith("secondary_", StringComparison.Ordinal))
            .Select(parts => (parts[0].TrimStart('0'), Convert.FromHexString(parts[1])));

    private static async Task<List<string>> BackUpAsync(ChildServer server, string home, List<string> retired, CancellationToken cancel)
    {
        var (file, data) = (Path.Combine(home, "backup.db"), Path.Combine(home, "data"));
        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Copy(server.RootKeyFile, Path.Combine(data, Path.GetFileName(server.RootKeyFile)));
        return
        [
            .. await OperateAsync(server.Data, ["backup", file], cancel),
            .. retired.SelectMany(text => TokenForms.FindIn(home, text)),
            .. await OperateAsync(data, ["restore", file], cancel),
            .. await OperateAsync(data, ["audit", "verify"], cancel),
        ];
    }

    /// <summary>Runs a command of the operator's on a data directory: what it said when it failed.</summary>
    private static async Task<string[]> OperateAsync(string data, string[] arguments, CancellationToken cancel)
    {
        var (exit, said) = await ChildProgram.RunAsync([.. arguments, "--data", data], [], cancel);
        return exit == ExitCode.Done ? [] : [$"tandem {arguments[0]} ended with {exit}: {said.Trim()}"];
    }

    private static async Task RotateAsync(ChildServer server, string sid, string token)
    {
        var secondary = (await server.Caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        var promoted = await server.Caller.PromoteAsync(sid, secondary);
        if (promoted.Status != 200)
        {
            throw new CommandException(ExitCode.Failed, $"A promote of the trial was answered {promoted.Status}, so nothing is proved.");
        }
    }
}
