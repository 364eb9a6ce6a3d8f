using Microsoft.Extensions.Time.Testing;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

public sealed class SignIn_303_429
{
    [Fact]
    public async Task Fifty_correct_sign_ins_at_once_all_come_through()
    {
        await using var tandem = await TestTandem.StartAsync();
        await ConsoleClient.AddUserAsync(tandem, "ada");
        var clients = Enumerable.Range(0, 50).Select(_ => new ConsoleClient(tandem)).ToList();
        var answers = await Task.WhenAll(clients.Select(c => c.SignInAsync("ada")));
        Assert.All(answers, a => Assert.Equal(303, a.Status));
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task However_many_wrong_passwords_come_at_once_few_are_looked_at()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time });
        await ConsoleClient.AddUserAsync(tandem, "ada");
        var clients = Enumerable.Range(0, 80).Select(_ => new ConsoleClient(tandem)).ToList();
        var answers = await Task.WhenAll(clients.Select((c, i) => c.SignInAsync("ada", $"guess {i}")));
        Assert.Equal(5, answers.Count(a => a.Status == 200));
        Assert.Equal(75, answers.Count(a => a.Status == 429));
        Assert.Equal(5, (await AuditAsync(tandem)).Count(e => e.Action == "sign_in_failed"));
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task Guesses_from_one_address_at_many_names_are_slowed_down_too()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time, Options = o => o with { TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.0/8")] } });
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var guesser = new ConsoleClient(tandem) { Address = "203.0.113.7" };
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await guesser.SignInAsync($"user{i}", "a guess")).Status);
        }

        Assert.Equal(429, (await guesser.SignInAsync("ada")).Status);
        using var elsewhere = new ConsoleClient(tandem) { Address = "203.0.113.8" };
        Assert.Equal(303, (await elsewhere.SignInAsync("ada")).Status);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(303, (await guesser.SignInAsync("ada")).Status);
    }

    [Fact]
    public async Task An_unknown_name_a_wrong_password_and_no_password_are_answered_alike()
    {
        await using var tandem = await TestTandem.StartAsync();
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var admin = TandemClient.OverSocket(AdminSocket.PathIn(tandem.DataDirectory));
        await admin.AddUserAsync(new() { Name = "invited", Role = "viewer" }, TestContext.Current.CancellationToken);
        using var client = new ConsoleClient(tandem);
        var bodies = new List<string>();
        foreach (var name in new[] { "ada", "nobody", "invited" })
        {
            var answer = await client.SignInAsync(name, "not the password");
            Assert.Equal(200, answer.Status);
            bodies.Add(answer.Body.Replace(name, "", StringComparison.Ordinal).Replace(ConsoleClient.TokenIn(answer.Body), "", StringComparison.Ordinal));
        }

        Assert.Single(bodies.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_sign_in_failure_and_sign_out_is_in_the_audit_and_no_password_is_anywhere()
    {
        await using var tandem = await TestTandem.StartAsync();
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var client = new ConsoleClient(tandem);
        await client.SignInAsync("ada", "my old password 123");
        await client.SignInAsync("my old password 123", "ada"); // typed into the wrong field
        await client.SignInAsync("ada");
        await client.PostAsync("/sign-out", "/me");
        var entries = await AuditAsync(tandem);
        Assert.Equal(
            [
                ("user_added", "operator uid", "ada, administrator"),
                ("sign_in_failed", "operator ada", "wrong name or password"),
                ("sign_in_failed", "nobody known", "wrong name or password"),
                ("signed_in", "operator ada", "password, A browser"),
                ("signed_out", "operator ada", null),
            ],
            entries.Select(e => (e.Action, e.Actor.StartsWith("operator uid", StringComparison.Ordinal) ? "operator uid" : e.Actor, e.Detail)));
        Assert.All(entries, e => Assert.Null(e.AccountSid));
        Assert.All(entries, e => Assert.Matches("^RQ[0-9a-f]{32}$", e.RequestId));
        Assert.DoesNotContain(tandem.Log.Lines, l => l.Contains("old password", StringComparison.Ordinal) || l.Contains(ConsoleClient.Password, StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(tandem.DataDirectory, "tandem.db*"))
        {
            var bytes = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.DoesNotContain("old password", bytes, StringComparison.Ordinal);
            Assert.DoesNotContain(ConsoleClient.Password, bytes, StringComparison.Ordinal);
            Assert.DoesNotContain(client.Cookies.GetAllCookies().FirstOrDefault(c => c.Name == "tandem")?.Value ?? "none", bytes, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_flood_of_failures_fills_no_audit_and_says_what_was_left_out()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time, Options = o => o with { TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.0/8")] } });
        await ConsoleClient.AddUserAsync(tandem, "ada");
        for (var i = 0; i < 50; i++)
        {
            using var client = new ConsoleClient(tandem) { Address = $"203.0.113.{i}" };
            await client.SignInAsync($"user{i}", "a guess");
        }

        Assert.Equal(30, (await AuditAsync(tandem)).Count(e => e.Action == "sign_in_failed"));
        time.Advance(TimeSpan.FromSeconds(20));
        using var one = new ConsoleClient(tandem) { Address = "203.0.113.99" };
        await one.SignInAsync("ada", "a guess");
        Assert.Equal("wrong name or password; 20 more left out before it", (await AuditAsync(tandem))[^1].Detail);
    }

    [Fact]
    public async Task A_new_password_from_the_administrator_ends_the_waiting()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = new FakeTimeProvider(Calls.Start) });
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var client = new ConsoleClient(tandem);
        for (var i = 0; i < 5; i++)
        {
            await client.SignInAsync("ada", $"guess {i}");
        }

        Assert.Equal(429, (await client.SignInAsync("ada")).Status);
        using var admin = TandemClient.OverSocket(AdminSocket.PathIn(tandem.DataDirectory));
        await admin.SetPasswordAsync("ada", new() { Password = "another long phrase" }, TestContext.Current.CancellationToken);
        Assert.Equal(303, (await client.SignInAsync("ada", "another long phrase")).Status);
    }

    private static async Task<IReadOnlyList<AuditInfo>> AuditAsync(TestTandem tandem)
    {
        using var client = TandemClient.OverSocket(AdminSocket.PathIn(tandem.DataDirectory));
        var list = await client.GetAuditAsync(null, limit: 1000, cancel: TestContext.Current.CancellationToken);
        return [.. list.Entries.Reverse().Where(e => e.AccountSid is null)];
    }
}
