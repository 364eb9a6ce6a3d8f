using System.Text.Json;
using Tandem.Client;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Usage;

/// <summary><c>…/consumers</c>: who uses which token, and what people decide about them.</summary>
public sealed class Consumers_200_400_409
{
    private readonly FakeTime _time = new(Calls.Start);

    [Fact]
    public async Task A_consumer_is_told_by_what_it_is_recognised_and_what_it_did()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("GET", "/auth/nginx", r => Describe(r));
        _time.Pass(TimeSpan.FromMinutes(1));
        await tandem.SendAsync("GET", "/auth/nginx", r => Describe(r.As(secondary)));

        var consumer = Assert.Single((await tandem.AskAsync("consumers")).Json.GetProperty("consumers").EnumerateArray());
        Assert.Equal(
            ("sms.example.com", "127.0.0.1", "twilio-php", null, "twilio-php from 127.0.0.1 on sms.example.com", null),
            (Text(consumer, "route"), Text(consumer, "network"), Text(consumer, "client"), Text(consumer, "client_name"), Text(consumer, "label"), Text(consumer, "name")));
        Assert.Matches("^[0-9a-f]{16}$", Text(consumer, "id"));
        Assert.Equal(1, consumer.GetProperty("primary").GetProperty("calls").GetInt32());
        Assert.Equal(60, (consumer.GetProperty("secondary").GetProperty("last_use").GetDateTimeOffset() - consumer.GetProperty("primary").GetProperty("first_use").GetDateTimeOffset()).TotalSeconds);

        static void Describe(HttpRequestMessage request) =>
            request.With("X-Forwarded-Host", "sms.example.com").With("User-Agent", "twilio-php/8.12.0 (Linux x86_64) PHP/8.2.36");
    }

    [Fact]
    public async Task A_list_is_answered_page_by_page_and_the_client_reads_all_of_it()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        for (var i = 0; i < 7; i++)
        {
            await tandem.CallAsync($"c{i}", tandem.Account);
        }

        var (names, after, pages) = (new List<string?>(), "", 0);
        while (after is not null)
        {
            var page = await tandem.AskAsync($"consumers?limit=3{(after.Length == 0 ? "" : $"&after={after}")}");
            var consumers = page.Json.GetProperty("consumers").EnumerateArray().Select(c => Text(c, "client_name")).ToList();
            Assert.InRange(consumers.Count, 1, 3);
            names.AddRange(consumers);
            (after, pages) = (page.Text("next_after"), pages + 1);
        }

        Assert.Equal((3, 7), (pages, names.Distinct(StringComparer.Ordinal).Count()));
        using var client = TandemClient.OverHttp(tandem.Address, new(tandem.Account.Sid, tandem.Account.Token));
        Assert.Equal(7, (await client.GetConsumersAsync(tandem.Account.Sid, TestContext.Current.CancellationToken)).Consumers.Count);
    }

    [Theory]
    [InlineData("consumers?limit=0")]
    [InlineData("consumers?limit=1001")]
    [InlineData("consumers?after=x")]
    [InlineData("late-use?limit=-1")]
    [InlineData("late-use?after=99999999999")]
    public async Task A_page_that_cannot_be_is_400(string path)
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var answer = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/{path}");
        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Text("kind")));
    }

    [Fact]
    public async Task What_is_decided_is_kept_shown_and_audited_and_what_is_not_named_stays()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("nightly", tandem.Account);
        var id = await tandem.IdOfAsync("nightly");

        var decided = await tandem.DecideAsync(id, """{"name":"Nightly report","expected_every":86400}""");
        Assert.Equal((200, id, "Nightly report", 86_400), (decided.Status, decided.Text("id"), decided.Text("name"), decided.Json.GetProperty("expected_every").GetInt32()));
        _time.Pass(TimeSpan.FromMinutes(1));
        decided = await tandem.DecideAsync(id, """{"gone":true}""");
        Assert.Equal(("Nightly report", "2026-01-02T03:05:05+00:00"), (decided.Text("name"), decided.Text("gone_since")));

        var consumer = Assert.Single((await tandem.AskAsync("consumers")).Json.GetProperty("consumers").EnumerateArray());
        Assert.Equal(
            ("Nightly report", "gone", 86_400, 86_400),
            (Text(consumer, "name"), Text(consumer, "standing"), consumer.GetProperty("expected_every").GetInt32(), consumer.GetProperty("rhythm_seconds").GetInt32()));
        var entry = (await tandem.AskAsync("audit")).Json.GetProperty("entries")[0];
        Assert.Equal(
            ("consumer_decided", id, "called Nightly report, expected every 86400 s, gone", $"{tandem.Account.Sid} primary"),
            (Text(entry, "action"), Text(entry, "consumer"), Text(entry, "detail"), Text(entry, "actor")));

        decided = await tandem.DecideAsync(id, """{"name":"","expected_every":0,"gone":false}""");
        Assert.All((string[])["name", "expected_every", "gone_since"], member => Assert.Equal(JsonValueKind.Null, decided.Json.GetProperty(member).ValueKind));
    }

    [Fact]
    public async Task Who_is_gone_stands_in_nobodys_way_until_it_calls_again()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("billing", tandem.Account);
        await tandem.CallAsync("audit export", tandem.Account);
        var secondary = await tandem.CreateSecondaryAsync();
        _time.Pass(TimeSpan.FromDays(6));
        await tandem.CallAsync("billing", secondary);
        Assert.Equal(("unknown", "silent_consumers"), await tandem.VerdictAsync());

        await tandem.DecideAsync(await tandem.IdOfAsync("audit export"), """{"gone":true}""");
        Assert.Equal(("moved", null), await tandem.VerdictAsync());
        _time.Pass(TimeSpan.FromSeconds(1));
        await tandem.CallAsync("audit export", tandem.Account);
        Assert.Equal(("not_yet", null), await tandem.VerdictAsync());
    }

    [Theory]
    [InlineData("""{"name":"a\u001b[2Jb"}""", "no control characters")]
    [InlineData("""{"name":"two\nlines"}""", "no control characters")]
    [InlineData("""{"name":"0123456789012345678901234567890123456789012345678901234567890123x"}""", "at most 64 characters")]
    [InlineData("""{"expected_every":31622401}""", "expected_every")]
    [InlineData("""{"expected_every":-1}""", "not the JSON object")]
    [InlineData("""{"gone":"yes"}""", "not the JSON object")]
    [InlineData("""{"nothing":1}""", "Give name")]
    [InlineData("", "Give name")]
    [InlineData("[]", "not the JSON object")]
    public async Task What_cannot_be_decided_is_refused_and_nothing_is_kept(string body, string why)
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("nightly", tandem.Account);
        var refused = await tandem.DecideAsync(await tandem.IdOfAsync("nightly"), body);

        Assert.Equal((400, "invalid_request"), (refused.Status, refused.Text("kind")));
        Assert.Contains(why, refused.Text("detail"), StringComparison.Ordinal);
        var consumer = Assert.Single((await tandem.AskAsync("consumers")).Json.GetProperty("consumers").EnumerateArray());
        Assert.Equal((null, "on_old"), (Text(consumer, "name"), Text(consumer, "standing")));
        Assert.Equal("account_created", Text((await tandem.AskAsync("audit")).Json.GetProperty("entries")[0], "action"));
    }

    [Theory]
    [InlineData("0123")]
    [InlineData("0123456789ABCDEF")]
    [InlineData("0123456789abcdefg")]
    [InlineData("nightly")]
    public async Task What_is_no_id_is_refused(string id)
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var refused = await tandem.DecideAsync(id, """{"name":"x"}""");
        Assert.Equal((400, "invalid_request"), (refused.Status, refused.Text("kind")));
    }

    [Fact]
    public async Task What_a_caller_calls_itself_reaches_people_without_what_could_disturb_a_terminal()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await using (var raw = await tandem.ConnectAsync())
        {
            // A tab, and U+009B in UTF-8: both pass for parts of a header, and the second begins a sequence on some terminals.
            await raw.SendAsync($"GET /auth/forward HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\nX-Client-Name: a\tb\u00c2\u009bc\r\n\r\n");
            Assert.Equal(200, (await raw.ReadAsync()).Status);
        }

        var consumer = Assert.Single((await tandem.AskAsync("consumers")).Json.GetProperty("consumers").EnumerateArray());
        Assert.Equal(("a?b?c", "a?b?c (none) on x"), (Text(consumer, "client_name"), Text(consumer, "label")));
    }

    [Fact]
    public async Task A_thousand_decisions_are_an_accounts_limit()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        for (var i = 0; i < ConsumerDecisions.Limit; i++)
        {
            Assert.Equal(200, (await tandem.DecideAsync($"{i:x16}", """{"gone":true}""")).Status);
        }

        var refused = await tandem.DecideAsync(new string('f', 16), """{"gone":true}""");
        Assert.Equal((409, "limit_reached"), (refused.Status, refused.Text("kind")));
        Assert.Equal(200, (await tandem.DecideAsync(new string('0', 16), """{"gone":false}""")).Status);
        Assert.Equal(200, (await tandem.DecideAsync(new string('f', 16), """{"gone":true}""")).Status);
    }

    private static string? Text(JsonElement element, string member) => element.GetProperty(member).GetString();
}
