using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class AuthTokens_Create_201_400
{
    [Fact]
    public async Task Answers_201_with_exactly_Twilio_s_fields()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        var answer = await tandem.SendAsync("POST", Calls.Secondary);
        Assert.Equal(201, answer.Status);
        var token = answer.Text("secondary_auth_token")!;
        Assert.Matches("^[0-9a-f]{32}$", token);
        Assert.Equal(
            $$"""{"account_sid":"{{tandem.Account.Sid}}","date_created":"2026-01-02T03:04:05Z","date_updated":"2026-01-02T03:04:05Z","secondary_auth_token":"{{token}}","url":"{{tandem.Address}}v1/AuthTokens/Secondary"}""",
            answer.Body);
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal($"{answer.Body.Length}", answer.Header("Content-Length"));
        answer.HasAnswerHeaders();
        Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Both_tokens_work_afterwards()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.NotEqual(tandem.Account.Token, secondary.Token);
        Assert.True(await tandem.WorksAsync(secondary));
        Assert.True(await tandem.WorksAsync(tandem.Account));
    }

    [Fact]
    public async Task A_second_create_is_refused_400_and_the_first_token_lives()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        foreach (var by in new[] { tandem.Account, secondary })
        {
            var answer = await tandem.SendAsync("POST", Calls.Secondary, r => r.As(by));
            answer.IsError(400, 70002, "A secondary Auth Token already exists: promote or delete it before creating another");
            Assert.DoesNotContain(secondary.Token, answer.Body, StringComparison.Ordinal);
        }

        Assert.True(await tandem.WorksAsync(secondary));
    }

    [Fact]
    public async Task Of_many_at_once_one_gets_201_and_the_others_400()
    {
        await using var tandem = await TestTandem.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => tandem.SendAsync("POST", Calls.Secondary)));
        Assert.Single(answers, a => a.Status == 201);
        Assert.Equal(15, answers.Count(a => a.Status == 400));
    }

    [Theory]
    [InlineData("accounts.twilio.com", "https://accounts.twilio.com/v1/AuthTokens/Secondary")]
    [InlineData("ACCOUNTS.dublin.ie1.twilio.com", "https://ACCOUNTS.dublin.ie1.twilio.com/v1/AuthTokens/Secondary")]
    [InlineData("twilio.com.evil.example", "http://twilio.com.evil.example/v1/AuthTokens/Secondary")]
    [InlineData("tandem.internal:7420", "http://tandem.internal:7420/v1/AuthTokens/Secondary")]
    public async Task The_url_keeps_the_host_that_the_client_named(string host, string url)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("POST", Calls.Secondary, r => r.Headers.Host = host);
        Assert.Equal(url, answer.Text("url"));
    }

    [Fact]
    public async Task The_url_is_the_public_one_when_it_is_configured()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { PublicUrl = new("https://tandem.example") } });
        var answer = await tandem.SendAsync("POST", Calls.Secondary);
        Assert.Equal("https://tandem.example/v1/AuthTokens/Secondary", answer.Text("url"));
    }

    [Fact]
    public async Task The_url_is_the_address_itself_when_HTTP_1_0_names_no_host()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"POST {Calls.Secondary} HTTP/1.0\r\nAuthorization: {tandem.Account.Basic}\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal($"{tandem.Address}v1/AuthTokens/Secondary", (await raw.ReadAsync()).Text("url"));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "SuppressEmailNotification=True&Unknown=1")]
    [InlineData("application/x-www-form-urlencoded; charset=UTF-8", "SuppressEmailNotification=false")]
    [InlineData("application/x-www-form-urlencoded", "%%%=&&&=\u0001&a&a")]
    [InlineData("application/json", "{")]
    [InlineData("multipart/form-data; boundary=x", "--x")]
    [InlineData("", "anything")]
    [InlineData("no content type at all", "SuppressEmailNotification=true")]
    public async Task Any_content_type_and_any_parameters_are_accepted(string type, string body)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("POST", Calls.Secondary, r =>
        {
            r.Content = new StringContent(body);
            r.Content.Headers.Remove("Content-Type");
            r.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        });
        Assert.Equal(201, answer.Status);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", false)]
    [InlineData("application/x-www-form-urlencoded", true)]
    [InlineData("application/octet-stream", false)]
    [InlineData("application/octet-stream", true)]
    public async Task A_body_over_16_kB_is_refused_413_and_nothing_is_created(string type, bool chunked)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("POST", Calls.Secondary, r =>
        {
            r.Content = new StringContent(new string('a', (16 * 1024) + 1));
            r.Content.Headers.ContentType = new(type);
            r.Headers.TransferEncodingChunked = chunked;
        });
        answer.IsError(413, 20413, "Request Entity Too Large");
        await tandem.CreateSecondaryAsync();
    }

    [Fact]
    public async Task A_body_of_16_kB_is_taken()
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("POST", Calls.Secondary, r => r.Form(("a", new string('a', (16 * 1024) - 2))));
        Assert.Equal(201, answer.Status);
    }
}
