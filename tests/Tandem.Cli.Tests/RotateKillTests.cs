using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>
/// A rotation that is killed at each point where something becomes lasting, sometimes twice in a row: the next run always ends it, with one
/// token that works, in the file, and no other.
/// </summary>
public sealed class RotateKillTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;
    private string _sid = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string EnvFile => Path.Combine(_at.Root, ".env");

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at);
        File.Copy(_at.FirstAccount, EnvFile);
        _sid = Value("TWILIO_ACCOUNT_SID");
        _at.Variables["TANDEM_SERVER"] = _server.Url;
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        await File.WriteAllTextAsync(
            Path.Combine(_at.Root, "tandem.toml"),
            "[watch]\nrequire = \"none\"\n[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nset = { TWILIO_AUTH_TOKEN = \"new\", ALT = \"old\" }\n[[destination]]\ntype = \"command\"\nrun = [\"cat\"]\n",
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task Killed_at_any_sync_it_goes_on_when_it_is_run_again()
    {
        var kills = 0;
        for (var at = 1; await RunKilledAsync(at); at++)
        {
            kills++;
            if (at % 3 == 0)
            {
                await RunKilledAsync(1 + (at % 7));
            }

            var said = await _at.TandemAsync("rotate", "--yes");

            Assert.True(said.ExitCode == 0, $"after a kill at sync {at}: {said.Error}");
            await AssertOneTokenAsync(at);
        }

        // The control: there were as many points as a rotation has, so the kills were between its steps.
        Assert.True(kills >= 25, $"only {kills} kills");
        await AssertOneTokenAsync(0);
    }

    [Fact]
    public async Task Killed_at_any_sync_it_goes_back_when_it_is_told_to()
    {
        var (backs, lates) = (0, 0);
        for (var at = 1; await RunKilledAsync(at); at += 2)
        {
            var said = await _at.TandemAsync("rotate", "abort", "--yes");
            if (said.ExitCode == 5)
            {
                // Before the first record there is nothing to go back from, and after the promotion no way.
                lates++;
                Assert.Equal(0, (await _at.TandemAsync("rotate", "--yes")).ExitCode);
            }
            else
            {
                Assert.True(said.ExitCode == 0, $"after a kill at sync {at}: {said.Error}");
                backs++;
            }

            await AssertOneTokenAsync(at);
        }

        Assert.True(backs >= 5 && lates >= 3, $"{backs} went back, {lates} could not");
    }

    private string Value(string key) => File.ReadAllLines(EnvFile).Last(l => l.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..];

    private async Task AssertOneTokenAsync(int at)
    {
        var shown = await _at.TandemAsync("token", "show", _sid);
        Assert.Matches("secondary +none", shown.Out);
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{_sid}:{Value("TWILIO_AUTH_TOKEN")}")));
        using var answer = await http.GetAsync(new Uri($"{_server.Url}/2010-04-01/Accounts/{_sid}.json"), Cancel);
        Assert.True((int)answer.StatusCode == 200, $"the file's token is refused after a kill at sync {at}");
        Assert.DoesNotContain("ALT=", await File.ReadAllTextAsync(EnvFile, Cancel), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_at.Root, "state"), "*.state"));
    }

    /// <summary>Kills a run while the system holds it still behind its n-th sync. False when it ended before there were so many.</summary>
    private async Task<bool> RunKilledAsync(int at)
    {
        using var limit = new CancellationTokenSource(Workspace.Limit);
        using var process = _at.Start(
        [
            "strace", "-f", "-qq", "-o", "/dev/stdout", "-e", "trace=fsync", "-e", "signal=none", "-e", "inject=fsync:delay_enter=20000:delay_exit=60000",
            "sh", "-c", "echo $$ > pid; exec \"$@\" > /dev/null 2> killed", "sh", .. Workspace.Program, "rotate", "--yes",
        ]);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        for (var seen = 0; await process.StandardOutput.ReadLineAsync(limit.Token) is { } line;)
        {
            seen += line.Contains("= 0", StringComparison.Ordinal) ? 1 : 0;
            if (seen == at)
            {
                using var victim = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(Path.Combine(_at.Root, "pid"), limit.Token), CultureInfo.InvariantCulture));
                victim.Kill();
                await process.WaitForExitAsync(limit.Token);
                return true;
            }
        }

        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, await errors + await File.ReadAllTextAsync(Path.Combine(_at.Root, "killed"), limit.Token));
        return false;
    }
}
