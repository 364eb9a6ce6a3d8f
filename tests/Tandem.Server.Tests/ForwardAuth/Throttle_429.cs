using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

public sealed class Throttle_429
{
    private const int Clients = 200;

    [Fact]
    public async Task Each_family_says_it_in_its_own_way_and_Twilios_paths_in_Twilios()
    {
        await using var tandem = await StartAsync(Calls.Clock(), o => o with { ThrottleAccount = new(1, 1) });
        var wrong = tandem.Account with { Token = new string('0', 32) };
        (await tandem.SendAsync("GET", Checks.Forward, r => r.As(wrong))).IsNo();
        foreach (var path in (string[])[Checks.Forward, Checks.Envoy])
        {
            var answer = await tandem.SendAsync("GET", path, r => r.As(wrong));
            answer.IsError(429, 20429, "Too Many Requests");
            Assert.Equal((null, "1"), (answer.Header("X-Tandem-Reason"), answer.Header("Retry-After")));
            answer.IsKeptOutOfCaches();
        }

        var nginx = await tandem.SendAsync("GET", Checks.Nginx, r => r.As(wrong));
        Assert.Equal((403, "throttled", "1"), (nginx.Status, nginx.Header("X-Tandem-Reason"), nginx.Header("Retry-After")));
        nginx.IsKeptOutOfCaches();

        var verify = await tandem.SendAsync("POST", Checks.Verify, r => r.As(wrong));
        Assert.Equal((200, "THROTTLED", "1"), (verify.Status, verify.Text("code"), verify.Header("Retry-After")));

        var twilio = await tandem.SendAsync("POST", Calls.Promote, r => r.As(wrong));
        twilio.IsError(429, 20429, "Too Many Requests");
        Assert.Equal("1", twilio.Header("Retry-After"));
        twilio.HasAnswerHeaders();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task For_one_SID_a_source_has_300_failures_and_then_one_a_second(bool exists)
    {
        var time = Calls.Clock();
        await using var tandem = await StartAsync(time);
        var wrong = exists ? tandem.Account with { Token = new string('0', 32) } : TestCredential.Unknown;
        Budget(300, await FloodAsync(tandem, 600, _ => wrong));
        time.Advance(TimeSpan.FromSeconds(100));
        Budget(100, await FloodAsync(tandem, 300, _ => wrong));
        time.Advance(TimeSpan.FromHours(1));
        Budget(300, await FloodAsync(tandem, 600, _ => wrong));

        // Another SID has a budget of its own: 600 + 300 + 600 calls have spent 700 of what the source has for all.
        Assert.Equal(401, await tandem.Http.AskAsync(Checks.Forward, new(AccountSid.Create().ToString(), "x")));
    }

    [Fact]
    public async Task For_all_SIDs_a_source_has_3000_failures_and_then_twenty_a_second()
    {
        var time = Calls.Clock();
        await using var tandem = await StartAsync(time);
        Budget(3_000, await FloodAsync(tandem, 3_600, Guess));
        time.Advance(TimeSpan.FromSeconds(30));
        Budget(600, await FloodAsync(tandem, 1_000, Guess));

        // From the next address nothing has been spent.
        using var other = tandem.ClientFrom("127.0.0.2");
        Assert.Equal(401, await other.AskAsync(Checks.Forward, TestCredential.Unknown));

        static TestCredential Guess(int i) => new(AccountSid.Create().ToString(), "x");
    }

    [Fact]
    public async Task A_right_token_is_never_refused_whatever_else_comes_from_its_address()
    {
        await using var tandem = await StartAsync(Calls.Clock());
        var sub = await tandem.CreateSubaccountAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        TestCredential[] valid = [tandem.Account, secondary, sub];
        var (valids, others) = (new ConcurrentDictionary<int, int>(), new ConcurrentDictionary<int, int>());
        await Parallel.ForAsync(0, 6_000, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (i, _) =>
        {
            if (i % 3 == 0)
            {
                var path = (i % 5) switch { 0 => Checks.Nginx, 1 => Checks.Forward, 2 => Checks.Envoy, _ => Calls.Accounts };
                valids.AddOrUpdate(await tandem.Http.AskAsync(path, valid[i % 9 / 3]), 1, (_, n) => n + 1);
            }
            else
            {
                var wrong = i % 2 == 0 ? tandem.Account with { Token = $"wrong{i}" } : new TestCredential(AccountSid.Create().ToString(), "x");
                others.AddOrUpdate(await tandem.Http.AskAsync(Checks.Forward, wrong), 1, (_, n) => n + 1);
            }
        });
        Assert.Equal([200], valids.Keys);
        Assert.Equal([401, 429], others.Keys.Order());
    }

    [Fact]
    public async Task Ten_thousand_sources_that_guess_at_one_account_do_not_keep_its_owner_out()
    {
        await using var tandem = await StartAsync(Calls.Clock(), o => o with { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] });
        var wrong = tandem.Account with { Token = new string('0', 32) };
        await Parallel.ForAsync(0, 10_000, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (i, _) =>
        {
            var from = $"10.0.{i / 250}.{i % 250}";
            var status = await tandem.Http.AskAsync(Checks.Forward, wrong, r => r.With("X-Forwarded-For", from));
            Assert.Equal(401, status); // each has a budget of its own
            if (i % 10 == 0)
            {
                var own = await tandem.Http.AskAsync(Checks.Forward, tandem.Account, r => r.With("X-Forwarded-For", from));
                Assert.Equal(200, own);
            }
        });
    }

    [Theory]
    [InlineData("127.0.0.0/8", "203.0.113.1", "203.0.113.2", 401)]
    [InlineData("127.0.0.0/8", "203.0.113.1", "::ffff:203.0.113.1", 429)]
    [InlineData("127.0.0.0/8", "2001:db8:1:2::a", "2001:db8:1:2:ffff::b", 429)] // one /64
    [InlineData("127.0.0.0/8", "2001:db8:1:2::a", "2001:db8:1:3::a", 401)]
    [InlineData("127.0.0.0/8", "203.0.113.1", "203.0.113.2, 203.0.113.1", 429)] // the nearest that is no proxy of ours
    [InlineData("10.0.0.0/8", "203.0.113.1", "203.0.113.2", 429)] // from a stranger it is just a header
    [InlineData(null, "203.0.113.1", "203.0.113.2", 429)]
    public async Task The_source_is_the_client_that_a_trusted_proxy_names(string? trusted, string first, string second, int status)
    {
        await using var tandem = await StartAsync(Calls.Clock(), o => o with
        {
            TrustedProxies = trusted is null ? [] : [IPNetwork.Parse(trusted)],
            ThrottleAccount = new(1, 1),
        });
        foreach (var path in (string[])[Checks.Forward, Calls.Accounts])
        {
            var wrong = new TestCredential(AccountSid.Create().ToString(), "x");
            Assert.Equal(401, await tandem.Http.AskAsync(path, wrong, r => r.With("X-Forwarded-For", first)));
            Assert.Equal(status, await tandem.Http.AskAsync(path, wrong, r => r.With("X-Forwarded-For", second)));
        }
    }

    [Fact]
    public async Task A_missing_credential_is_no_failure_and_a_malformed_one_counts_for_the_source()
    {
        await using var tandem = await StartAsync(Calls.Clock(), o => o with { ThrottleSource = new(2, 1) });
        foreach (var path in (string[])[Checks.Forward, Calls.Accounts, Checks.Forward, Calls.Accounts])
        {
            Assert.Equal(401, (await tandem.SendAsync("GET", path, r => r.As(null))).Status);
        }

        foreach (var (path, status) in ((string, int)[])[(Checks.Forward, 401), (Calls.Accounts, 401), (Checks.Forward, 429), (Calls.Accounts, 429)])
        {
            Assert.Equal(status, (await tandem.SendAsync("GET", path, r => r.As(null).With("Authorization", "Bearer x"))).Status);
        }

        Assert.Equal(401, (await tandem.SendAsync("GET", Checks.Forward, r => r.As(null))).Status);
    }

    private static Task<TestTandem> StartAsync(FakeTimeProvider time, Func<TandemOptions, TandemOptions>? options = null) =>
        TestTandem.StartAsync(new() { Time = time, Options = options });

    /// <summary>How many of so many refused calls were answered as refused; the others were throttled.</summary>
    private static async Task<int> FloodAsync(TestTandem tandem, int calls, Func<int, TestCredential> credential)
    {
        string[] paths = [Checks.Forward, Checks.Envoy, Calls.Accounts];
        var answers = new ConcurrentDictionary<int, int>();
        await Parallel.ForAsync(0, calls, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (i, _) =>
            answers.AddOrUpdate(await tandem.Http.AskAsync(paths[i % paths.Length], credential(i)), 1, (_, n) => n + 1));
        Assert.Equal(calls, answers[401] + answers[429]);
        return answers[401];
    }

    private static void Budget(int expected, int actual) => Assert.InRange(actual, expected * 0.95, expected * 1.05);
}
