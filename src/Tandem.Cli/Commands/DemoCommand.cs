using System.CommandLine;
using Tandem.Cli.Demo;
using Tandem.Client;
using Tandem.Rotations;
using Tandem.Server;
using Tandem.Server.Listeners;
using Tandem.Storage;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem demo</c>.</summary>
internal static class DemoCommand
{
    public const string Name = "demo";

    /// <summary>For how long the old token must be quiet here; ten minutes on a real server.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(3);

    /// <summary>How long the second application goes on with what it has read.</summary>
    private static readonly TimeSpan s_restart = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan s_before = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_after = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(40);

    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave server and console running after the rotation, until Ctrl-C." };
        var (format, noColor) = (new Output(), ErrorTerminal.NoColorOption());
        var command = new Command(Name, "Watch a rotation: a server, two applications that call all the while, and a token that is replaced. In a temporary directory; half a minute.") { keep, noColor };
        format.AddTo(command);
        command.SetAction((parsed, cancel) => Failures.InWordsAsync(() => RunAsync(new(format.Of(parsed), new(parsed.GetValue(noColor)), withAccount: false), parsed.GetValue(keep), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(RotateOutput telling, bool keep, CancellationToken cancel)
    {
        await using var server = await StartAsync(cancel);
        var link = telling.Terminal.IsTerminal ? await server.CreateSetupLinkAsync() : null; // a secret, for no file and no log
        telling.Terminal.Line($"server    {server.Url.GetLeftPart(UriPartial.Authority)}, everything in {server.Root}, which goes away at the end");
        telling.Terminal.Line(link is null
            ? $"console   {server.Url.GetLeftPart(UriPartial.Authority)}/   (a link to sign in: tandem setup-link --data {Shell.Quote(server.Data)})"
            : $"console   {link.Url}   (works once; --keep leaves it time)");
        telling.Terminal.Line("apps      billing, which reads its env file at each call; reports, which reads its own when it starts, every 8 s");
        var found = await RotateAsync(server, telling, cancel);
        telling.Terminal.Clear();
        Output.WriteSentence(telling.Format, found, CliJson.Default.DemoInfo,
            $"{found.Requests} requests of two apps, {found.Failed} failed; the old token {found.OldFingerprint} is {(found.OldTokenStatus == 401 ? "refused (401)" : $"answered with {found.OldTokenStatus}")}, {found.NewFingerprint} is the primary; {found.Seconds:0} s",
        [
            ("requests", $"{found.Requests}"), ("failed", $"{found.Failed}"), ("old_fingerprint", found.OldFingerprint), ("old_token_status", $"{found.OldTokenStatus}"),
            ("new_fingerprint", found.NewFingerprint), ("seconds", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{found.Seconds:0.0}")),
        ]);
        if (keep)
        {
            telling.Terminal.Line($"the server goes on until Ctrl-C. Look: tandem audit --data {Shell.Quote(server.Data)}");
            await UntilCancelledAsync(cancel);
        }
        else
        {
            telling.Terminal.Line("next: tandem serve, and docs/rotate.md for your own token");
        }

        return found is { Failed: 0, OldTokenStatus: 401 } ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task<DemoServer> StartAsync(CancellationToken cancel)
    {
        try
        {
            return await DemoServer.StartAsync(s_quiet, cancel);
        }
        catch (Exception e) when (e is StartException or StoreException or ListenerException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"The demonstration could not start: {e.Message} It needs a temporary directory of its own, with a short path: TMPDIR=/tmp tandem demo", e);
        }
    }

    private static async Task UntilCancelledAsync(CancellationToken cancel)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            // What was waited for.
        }
    }

    private static async Task<DemoInfo> RotateAsync(DemoServer server, RotateOutput telling, CancellationToken cancel)
    {
        var (time, began) = (TimeProvider.System, TimeProvider.System.GetTimestamp());
        var old = DemoApp.Read(server.FirstAccount);
        var check = new Uri(server.Url, "/auth/forward");
        List<string> files = [Path.Combine(server.Root, "billing.env"), Path.Combine(server.Root, "reports.env")];
        files.ForEach(file => File.Copy(server.FirstAccount, file)); // with its mode, 0600
        DemoApp[] apps = [new("billing", files[0], check, TimeSpan.Zero, time), new("reports", files[1], check, s_restart, time)];

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var calling = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var calls = apps.Select(app => app.RunAsync(http, moved => telling.Report(Moved(moved, old.Sid, time)), calling.Token)).ToList();
        RotationResult result;
        try
        {
            await Task.Delay(s_before, time, cancel);
            result = await EngineAsync(server, telling, old, files, cancel);
            await Task.Delay(s_after, time, cancel);
        }
        finally
        {
            await calling.CancelAsync();
            await Task.WhenAll(calls);
            telling.Terminal.Clear();
        }

        return new(
            apps.Sum(a => a.Requests), apps.Sum(a => a.Failed), result.Report.State.OldFingerprint, await DemoApp.AskAsync(http, check, old, "the old token", cancel),
            result.Report.State.NewFingerprint ?? "-", Math.Round(time.GetElapsedTime(began).TotalSeconds, 1));
    }

    /// <summary>The rotation is the real one: what <c>tandem rotate --dotenv billing.env --dotenv reports.env --yes</c> would do.</summary>
    private static async Task<RotationResult> EngineAsync(DemoServer server, RotateOutput telling, TwilioCredential old, IReadOnlyList<string> files, CancellationToken cancel)
    {
        using var issuer = Issuer.Tandem(server.Url);
        var host = new RotationHost { Report = telling.Report, Ask = (_, _) => Task.FromResult(true) };
        return await new RotationEngine(new(Path.Combine(server.Root, "state")), host).RotateAsync(
            new()
            {
                AccountSid = AccountSid.Parse(old.Sid),
                Issuer = issuer,
                Token = HeldToken.Read(old.Sid, old.Token, server.FirstAccount),
                Destinations = [.. files.Select(RotationPlan.Dotenv)],
                StartedBy = RotateFlags.Who,
                Timeout = s_limit,
                Poll = TimeSpan.FromMilliseconds(500),
            },
            cancel);
    }

    private static RotationEvent Moved(DemoApp app, string sid, TimeProvider time) => new()
    {
        At = time.GetUtcNow(),
        AccountSid = sid,
        Step = app.Name,
        Result = "ok",
        Text = "has read the new token, and calls with it",
    };
}
