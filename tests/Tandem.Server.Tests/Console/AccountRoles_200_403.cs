using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>Every page and every form about accounts, for nobody and for each role.</summary>
public sealed class AccountRoles_200_403
{
    /// <summary>The least role that may. A new page is added here; <see cref="Roles_200_403"/> looks that none is missing.</summary>
    internal static readonly (string Method, string Path, UserRole Least)[] Everything =
    [
        ("GET", "/accounts/_new", UserRole.Administrator),
        ("POST", "/accounts/_new", UserRole.Administrator),
        ("GET", "/accounts/{sid}", UserRole.Viewer),
        ("GET", "/accounts/{sid}/live", UserRole.Viewer),
        ("GET", "/accounts/{sid}/late-use", UserRole.Viewer),
        ("GET", "/accounts/{sid}/consumers", UserRole.Viewer),
        ("GET", "/accounts/{sid}/consumers/{consumer}", UserRole.Viewer),
        ("POST", "/accounts/{sid}/consumers/{consumer}", UserRole.Operator),
        ("POST", "/accounts/{sid}/consumers/{consumer}/mark", UserRole.Operator),
        ("GET", "/accounts/{sid}/secondary", UserRole.Operator),
        ("POST", "/accounts/{sid}/secondary", UserRole.Operator),
        ("GET", "/accounts/{sid}/new-token", UserRole.Operator),
        ("GET", "/accounts/{sid}/promote", UserRole.Operator),
        ("POST", "/accounts/{sid}/promote", UserRole.Operator),
        ("GET", "/accounts/{sid}/delete-secondary", UserRole.Operator),
        ("POST", "/accounts/{sid}/delete-secondary", UserRole.Operator),
        ("GET", "/accounts/{sid}/pause", UserRole.Operator),
        ("POST", "/accounts/{sid}/pause", UserRole.Operator),
        ("POST", "/accounts/{sid}/pause/stop", UserRole.Operator),
        ("POST", "/accounts/{sid}/guard", UserRole.Operator),
        ("GET", "/accounts/{sid}/account", UserRole.Viewer),
        ("POST", "/accounts/{sid}/account", UserRole.Administrator),
        ("GET", "/accounts/{sid}/suspend", UserRole.Administrator),
        ("POST", "/accounts/{sid}/suspend", UserRole.Administrator),
        ("POST", "/accounts/{sid}/activate", UserRole.Administrator),
        ("GET", "/accounts/{sid}/close", UserRole.Administrator),
        ("POST", "/accounts/{sid}/close", UserRole.Administrator),
        ("GET", "/audit", UserRole.Viewer),
        ("GET", "/audit/{number}", UserRole.Viewer),
        ("GET", "/audit/export.jsonl", UserRole.Viewer),
        ("GET", "/audit/export.csv", UserRole.Viewer),
        ("GET", "/settings", UserRole.Viewer),
        ("GET", "/rotations", UserRole.Viewer),
        ("GET", "/rotations/live", UserRole.Viewer),
        ("GET", "/rotations/{sid}", UserRole.Viewer),
        ("GET", "/rotations/{sid}/live", UserRole.Viewer),
    ];

    [Theory]
    [InlineData(null)]
    [InlineData(UserRole.Viewer)]
    [InlineData(UserRole.Operator)]
    [InlineData(UserRole.Administrator)]
    public async Task Each_page_is_for_its_role_and_those_above(UserRole? role)
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.SendAsync("GET", ForwardAuth.Checks.Forward, r => r.With("X-Client-Name", "nightly"));
        var consumer = ConsumersOf(tandem).Single();
        TellOfRotation(tandem);
        using var client = role is null ? new ConsoleClient(tandem) : await ConsoleClient.SignedInAsync(tandem, "ada", role.Value);
        foreach (var (method, pattern, least) in Everything)
        {
            if (pattern.EndsWith("/live", StringComparison.Ordinal) && role is not null)
            {
                continue; // it does not end
            }

            var path = pattern.Replace("{sid}", tandem.Account.Sid, StringComparison.Ordinal)
                .Replace("{consumer}", consumer, StringComparison.Ordinal).Replace("{number}", "1", StringComparison.Ordinal);
            var answer = method == "GET" ? await client.GetAsync(path) : await client.PostAsync(path, "/invitation");
            if (role is null)
            {
                Assert.True(answer.Status == 303 && answer.Header("Location")!.StartsWith("/sign-in", StringComparison.Ordinal), $"{method} {path}: {answer.Status}");
            }
            else if (role < least)
            {
                Assert.True(answer.Status == 403, $"{role} {method} {path}: {answer.Status}");
            }
            else
            {
                Assert.True(answer.Status is 200 or 303 or 410, $"{role} {method} {path}: {answer.Status}");
                Assert.False(answer.Header("Location")?.StartsWith("/sign-in", StringComparison.Ordinal) == true, $"{role} {method} {path}");
            }
        }
    }

    [Fact]
    public async Task What_a_viewer_sends_changes_nothing()
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.SendAsync("GET", ForwardAuth.Checks.Forward);
        var consumer = ConsumersOf(tandem).Single();
        var secondary = await tandem.CreateSecondaryAsync();
        using var viewer = await ConsoleClient.SignedInAsync(tandem, "vic", UserRole.Viewer);
        var (sid, before) = (AccountSid.Parse(tandem.Account.Sid), await AuditAsync(tandem));
        foreach (var (method, pattern, _) in Everything.Where(e => e.Method == "POST"))
        {
            var path = pattern.Replace("{sid}", $"{sid}", StringComparison.Ordinal).Replace("{consumer}", consumer, StringComparison.Ordinal);
            var answer = await viewer.PostAsync(
                path, "/me", ("generation", "2"), ("typed", TestTandem.FirstName), ("named", consumer), ("seconds", "60"), ("guard", "enforce"), ("name", "x"), ("gone", "yes"));
            Assert.Equal((path, 403), (path, answer.Status));
        }

        Assert.Equal(before, await AuditAsync(tandem));
        Assert.True(await tandem.WorksAsync(tandem.Account) && await tandem.WorksAsync(secondary));
    }

    [Theory]
    [InlineData("/accounts/AC00000000000000000000000000000000")]
    [InlineData("/accounts/AC00000000000000000000000000000000/promote")]
    [InlineData("/accounts/AC00000000000000000000000000000000/live")]
    [InlineData("/accounts/nothing/consumers")]
    [InlineData("/accounts/{sid}/consumers/0000000000000000")]
    [InlineData("/accounts/{sid}/nothing")]
    [InlineData("/audit/99")]
    [InlineData("/audit/x")]
    [InlineData("/audit/999999999999999999999")]
    [InlineData("/settings/x")]
    [InlineData("/rotations/{sid}")]
    [InlineData("/rotations/{sid}/live")]
    [InlineData("/rotations/x")]
    public async Task What_is_not_there_is_a_page_that_says_so(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        var answer = await client.GetAsync(path.Replace("{sid}", tandem.Account.Sid, StringComparison.Ordinal));
        Assert.Equal(404, answer.Status);
        Assert.Contains("There is no such page", answer.Body, StringComparison.Ordinal);
    }

    internal static void TellOfRotation(TestTandem tandem, string owner = "ada@build") => ((RotationRecords)tandem.Services.GetService(typeof(RotationRecords))!).Tell(
        AccountSid.Parse(tandem.Account.Sid),
        new() { Id = new string('a', 32), Owner = owner, Started = DateTimeOffset.UnixEpoch, Progress = RotationProgress.Running, Step = "watching" });

    internal static IEnumerable<string> ConsumersOf(TestTandem tandem) =>
        ((Tandem.Server.Usage.UsageRecorder)tandem.Services.GetService(typeof(Tandem.Server.Usage.UsageRecorder))!)
            .Report(AccountSid.Parse(tandem.Account.Sid)).Usage!.Consumers.Select(c => c.Key.Id);

    private static async Task<long> AuditAsync(TestTandem tandem) =>
        (await ((IAccountStore)tandem.Services.GetService(typeof(IAccountStore))!).ReadAuditAsync(new(100)))
            .Count(e => e.Entry.Action < AuditAction.UserAdded);
}
