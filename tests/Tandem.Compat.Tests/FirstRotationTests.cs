using System.Diagnostics;
using System.Reflection;
using Tandem.Compat.Proxies;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat;

/// <summary>What Tandem is for: somebody with an env file and an app that runs replaces its token with three commands, and no call of the app fails.</summary>
public sealed class FirstRotationTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("tandem-first-").FullName;

    private string EnvFile => Path.Combine(_home, ".env");

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task The_three_commands_of_the_page_replace_the_token_of_a_running_app_without_one_failed_call()
    {
        await using var api = await GuardedApi.StartAsync(Recipe.Nginx, ("TANDEM_QUIET_TIME", "5s"));
        await File.WriteAllTextAsync(EnvFile, $"APP=billing\nTWILIO_ACCOUNT_SID={api.Sid}\nTWILIO_AUTH_TOKEN={api.Token}\n", TestContext.Current.CancellationToken);
        using var app = RunningApp.Start(EnvFile, $"http://127.0.0.1:{api.Proxy.Port}/v1/things");
        await Until.TrueAsync(() => api.Backend.Count >= 100);

        var (exitCode, said) = await TypeAsync(ThreeCommands().Replace("http://127.0.0.1:7420", $"http://127.0.0.1:{api.Tandem.Port}", StringComparison.Ordinal));

        Assert.True(exitCode == 0, said);
        Assert.Matches(@"  4  watch +1 consumer moved, and the primary is quiet for 5\.0 s   ", said);
        Assert.DoesNotContain("--force", said, StringComparison.Ordinal);
        var after = api.Backend.Count;
        await Until.TrueAsync(() => api.Backend.Count >= after + 100);
        var report = await app.StopAsync();
        Assert.Equal(["200"], report.Statuses.Keys);
        Assert.True(report is { Slots: var slots } && slots["primary"] >= 200 && slots["secondary"] >= 100, $"{report.Slots.Count}");

        var made = File.ReadAllLines(EnvFile)[2]["TWILIO_AUTH_TOKEN=".Length..];
        RefusalTests.AssertUnauthorized(await api.GetAsync(api.Sid, api.Token));
        Assert.Equal($"{api.Sid} primary", (await api.GetAsync(api.Sid, made)).Body);
        Assert.Equal(["account_created", "secondary_created", "secondary_promoted"], await AuditAsync(api, made));
        Assert.DoesNotContain(api.Token, said, StringComparison.Ordinal);
        Assert.DoesNotContain(made, said, StringComparison.Ordinal);
    }

    /// <summary>The first commands that docs/rotate.md gives, as they stand there.</summary>
    private static string ThreeCommands()
    {
        var docs = typeof(FirstRotationTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RecipeDirectory").Value!;
        var block = File.ReadAllText(Path.Combine(docs, "../rotate.md")).Split("```sh\n")[1].Split("```")[0];
        return block.Count(c => c == '\n') == 3 ? block : throw new InvalidOperationException($"These are not three commands:\n{block}");
    }

    /// <summary>Somebody at a terminal, in the app's directory, who types these lines and answers yes.</summary>
    private async Task<(int ExitCode, string Said)> TypeAsync(string commands)
    {
        var script = Path.Combine(_home, "typed.sh");
        await File.WriteAllTextAsync(script, $"set -e\ntandem() {{ \"$PROGRAM_UNDER_TEST\" \"$@\"; }}\n{commands}");
        var start = new ProcessStartInfo("script", ["-qefc", $"bash {script}", "/dev/null"])
        {
            WorkingDirectory = _home,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("TANDEM_", StringComparison.Ordinal) || n.StartsWith("TWILIO_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name); // whoever runs the tests may have settings of their own
        }

        start.Environment["PROGRAM_UNDER_TEST"] = ServerProcess.Program;
        start.Environment["XDG_STATE_HOME"] = Path.Combine(_home, "state");
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync("y\n");
        await process.StandardInput.FlushAsync();
        var said = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    private static async Task<IEnumerable<string?>> AuditAsync(GuardedApi api, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/tandem/v1/accounts/{api.Sid}/audit?after=0").As(new(api.Sid, token));
        using var answer = await api.Tandem.Http.SendAsync(request);
        return (await TestAnswer.ReadAsync(answer)).Json.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("action").GetString());
    }
}
