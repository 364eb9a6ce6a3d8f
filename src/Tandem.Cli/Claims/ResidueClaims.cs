using System.Security.Cryptography;

namespace Tandem.Cli.Claims;

/// <summary>Trials of what is left of tokens in files and logs.</summary>
internal static class ResidueClaims
{
    private const int Rotations = 60;

    public static async Task<TrialResult> FilesAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel);
        var (sid, token) = (await server.CreateAccountsAsync(1))[0];
        var against = new List<string>();
        for (var i = 0; i < Rotations; i++)
        {
            var secondary = (await server.Caller.CreateAsync(sid, token)).Text("secondary_auth_token");
            if (i % 3 == 0)
            {
                await server.Caller.DeleteAsync(sid, token);
                against.AddRange(TokenForms.FindIn(server.Data, secondary));
            }
            else
            {
                await server.Caller.PromoteAsync(sid, i % 2 == 0 ? token : secondary);
                against.AddRange(TokenForms.FindIn(server.Data, token));
                token = secondary;
            }
        }

        return TrialResult.Of(against, $"{Rotations} tokens retired, {Directory.EnumerateFiles(server.Data).Count()} files searched after each");
    }

    public static async Task<TrialResult> LogAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel, ("TANDEM_LOG_LEVEL", "Trace"));
        var (sid, token) = (await server.CreateAccountsAsync(1))[0];
        var wrong = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var secondary = (await server.Caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        await server.Caller.PromoteAsync(sid, token);
        foreach (var text in (string[])[token, secondary, wrong])
        {
            await server.Caller.CheckAsync(sid, text);
            await server.Caller.ForwardAsync(sid, text);
            await server.Caller.SendAsync(HttpMethod.Put, $"/no/such/path/{sid}", sid, text, "a=b");
        }

        await server.KillAsync();
        var said = server.Output;
        return TrialResult.Of(
            ((string[])[token, secondary, wrong]).Where(text => TokenForms.AreIn(said, text)).Select(_ => "a token is in the log"),
            $"{said.Count(c => c == '\n')} lines at the level Trace");
    }

    public static async Task<TrialResult> StolenFilesAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel);
        var accounts = await server.CreateAccountsAsync(5);
        var secondaries = new List<string>();
        foreach (var (sid, token) in accounts)
        {
            secondaries.Add((await server.Caller.CreateAsync(sid, token)).Text("secondary_auth_token"));
        }

        var loot = Directory.CreateTempSubdirectory("tandem-claims-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(server.Data, "tandem*"))
            {
                File.Copy(file, Path.Combine(loot, Path.GetFileName(file)));
            }

            List<string> against = [.. accounts.Select(a => a.Token).Concat(secondaries).SelectMany(text => TokenForms.FindIn(loot, text))];
            var key = Path.Combine(loot, "key");
            using (var made = RootKey.Generate())
            {
                await using var file = new FileStream(key, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead });
                await file.WriteAsync(made.ToFileText(), cancel);
            }

            var (exit, said) = await ChildServer.TryStartAsync(loot, cancel, ("TANDEM_ROOT_KEY_FILE", key));
            if (exit == 0 || !said.Contains("root key", StringComparison.Ordinal))
            {
                against.Add($"with another key it ended with {exit}: {said}");
            }

            return TrialResult.Of(against, $"{2 * accounts.Count} tokens not found; with another key the start ends with exit code {exit}");
        }
        finally
        {
            Directory.Delete(loot, recursive: true);
        }
    }
}
