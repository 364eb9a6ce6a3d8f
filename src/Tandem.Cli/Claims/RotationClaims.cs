using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Tandem.Cli.Claims;

/// <summary>Trials of what a rotation promises while it goes on.</summary>
internal static class RotationClaims
{
    private const int Accounts = 4;
    private const int Kills = 15;
    private const int KeyChanges = 5;
    private const int LostAnswers = 60;
    private const int Guesses = 3_000;

    private static readonly TimeSpan s_load = TimeSpan.FromSeconds(15);

    public static async Task<TrialResult> UnderLoadAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel, ChildServer.Unthrottled);
        return await RotateAsync(server, () => Task.Delay(s_load, cancel), "");
    }

    public static async Task<TrialResult> UnderKillsAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel, ChildServer.Unthrottled);
        return await RotateAsync(server, KillAsync, $"{Kills} kills, ");

        async Task KillAsync()
        {
            for (var i = 0; i < Kills; i++)
            {
                await Task.Delay(RandomNumberGenerator.GetInt32(50, 500), cancel);
                await server.KillAsync();
                await server.StartAgainAsync(cancel);
            }
        }
    }

    public static async Task<TrialResult> UnderKeyChangesAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel, ChildServer.Unthrottled);
        var former = Path.Combine(server.Home, "former.key");
        File.Copy(server.RootKeyFile, former);
        var trial = await RotateAsync(server, ChangeAsync, $"{KeyChanges} changes of the key, ");
        var (old, _) = await server.OperateAsync(cancel, "key", "check", former);
        var (now, _) = await server.OperateAsync(cancel, "key", "check", server.RootKeyFile);
        return !trial.Holds ? trial
            : now != ExitCode.Done ? new(false, "the new key does not open the database")
            : old == ExitCode.Done ? new(false, "the former key still opens the database")
            : trial;

        async Task ChangeAsync()
        {
            for (var i = 0; i < KeyChanges; i++)
            {
                var (exit, said) = await server.OperateAsync(cancel, "key", "rotate", "--yes");
                if (exit != ExitCode.Done)
                {
                    throw new CommandException(ExitCode.Failed, $"A change of the root key ended with {exit}, so nothing is proved: {said.Trim()}");
                }
            }
        }
    }

    public static async Task<TrialResult> LostAnswersAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel, ChildServer.Unthrottled);
        var (sid, token) = (await server.CreateAccountsAsync(1))[0];
        var (against, promoted) = (new List<string>(), 0);
        for (var i = 0; i < LostAnswers; i++)
        {
            var secondary = (await server.Caller.CreateAsync(sid, token)).Text("secondary_auth_token");
            await CutAsync(server.Port, sid, token, (double)i / LostAnswers, cancel);
            if (await server.Caller.CheckAsync(sid, secondary) != 200)
            {
                against.Add("an acknowledged secondary is refused");
            }

            var outcome = (await server.Caller.PromoteAsync(sid, secondary)).Status;
            promoted += outcome == 404 ? 1 : 0;
            if (outcome is not (200 or 404) || await server.Caller.CheckAsync(sid, token) != 401)
            {
                against.Add($"the outcome is not learned: {outcome}");
            }

            token = secondary;
        }

        return TrialResult.Of(against, $"{LostAnswers} answers lost, {promoted} of them of promotes that had happened");
    }

    public static async Task<TrialResult> GuessesAsync(CancellationToken cancel)
    {
        await using var server = await ChildServer.StartAsync(cancel);
        var (sid, token) = (await server.CreateAccountsAsync(1))[0];
        var (refused, throttled, right) = (0, 0, 0);
        for (var i = 0; i < Guesses; i++)
        {
            var status = await server.Caller.ForwardAsync(sid, RandomNumberGenerator.GetHexString(32, lowercase: true));
            (refused, throttled) = (refused + (status == 401 ? 1 : 0), throttled + (status == 429 ? 1 : 0));
            if (i % 10 == 0)
            {
                right += await server.Caller.ForwardAsync(sid, token) == 200 ? 1 : 0;
            }
        }

        string[] against =
        [
            .. refused + throttled == Guesses ? (string[])[] : ["a wrong token was accepted"],
            .. right == Guesses / 10 ? (string[])[] : ["the right token was refused"],
            .. throttled > 0 ? (string[])[] : ["no guess was throttled"],
        ];
        return TrialResult.Of(against, $"{refused} guesses answered 401, {throttled} answered 429, the right token accepted {right} times of {Guesses / 10} between them");
    }

    private static async Task<TrialResult> RotateAsync(ChildServer server, Func<Task> meanwhile, string done)
    {
        var owners = new Owners(server.Caller, await server.CreateAccountsAsync(Accounts));
        await owners.WorkAsync(meanwhile);
        return TrialResult.Of(owners.FindViolations(), $"{done}{owners.Promotes} promotes, {owners.Checks} checks, {owners.UnknownOutcomes} outcomes unknown and learned");
    }

    /// <summary>Sends this share of a promote's bytes and closes the connection; from a half on the whole of it, without waiting for the answer.</summary>
    private static async Task CutAsync(int port, string sid, string token, double share, CancellationToken cancel)
    {
        var credential = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{token}"));
        var request = Encoding.ASCII.GetBytes($"POST /v1/AuthTokens/Promote HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {credential}\r\nContent-Length: 0\r\n\r\n");
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, cancel);
        await client.GetStream().WriteAsync(request.AsMemory(0, (int)Math.Min(request.Length, request.Length * share * 2)), cancel);
    }
}
