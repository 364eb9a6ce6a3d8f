using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Authentication_401
{
    private const string NoCredentials = "Authentication Error - No credentials provided";
    private const string InvalidUserName = "Authentication Error - invalid username";
    private const string Authenticate = "Authenticate";

    [Theory]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/v1/AuthTokens/Secondary")]
    [InlineData("PUT", "/v1/AuthTokens/Promote")]
    [InlineData("POST", "/v1/AuthTokens/Promote")]
    [InlineData("GET", "/2010-04-01/Accounts.json")]
    [InlineData("POST", "/health")]
    public async Task Comes_before_404_and_405(string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync(method, path, r => r.As(null));
        answer.IsError(401, 20003, NoCredentials);
        answer.HasAnswerHeaders();
    }

    [Fact]
    public async Task Unknown_and_wrong_and_retired_and_suspended_and_closed_look_the_same()
    {
        await using var tandem = await TestTandem.StartAsync();
        var retired = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("DELETE", Calls.Secondary);
        var (suspended, closed) = (await tandem.CreateSubaccountAsync(), await tandem.CreateSubaccountAsync());
        await tandem.SetStatusAsync(suspended, "suspended");
        await tandem.SetStatusAsync(closed, "closed");
        TestCredential[] refused =
        [
            TestCredential.Unknown,
            tandem.Account with { Token = new string('0', 32) },
            tandem.Account with { Token = "" },
            tandem.Account with { Token = "with:colon" },
            tandem.Account with { Token = "pässword" },
            tandem.Account with { Token = new string('x', 500) },
            retired,
            suspended,
            closed,
        ];
        var answers = new List<TestAnswer>();
        foreach (var credential in refused)
        {
            answers.Add(await tandem.SendAsync("GET", Calls.Accounts, r => r.As(credential)));
            answers[^1].IsError(401, 20003, Authenticate);
        }

        Assert.Single(answers.Select(a => string.Join(',', a.Headers.Keys.Order(StringComparer.Ordinal))).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Activating_a_suspended_account_restores_both_tokens()
    {
        await using var tandem = await TestTandem.StartAsync();
        var primary = await tandem.CreateSubaccountAsync();
        var secondary = await tandem.CreateSecondaryAsync(primary);
        await tandem.SetStatusAsync(primary, "suspended");
        Assert.False(await tandem.WorksAsync(primary) || await tandem.WorksAsync(secondary));
        await tandem.SetStatusAsync(primary, "active");
        Assert.True(await tandem.WorksAsync(primary) && await tandem.WorksAsync(secondary));
    }

    [Theory]
    [InlineData("basic {0}")]
    [InlineData("BASIC {0}")]
    [InlineData("Basic    {0}")]
    public async Task These_spellings_are_accepted(string header)
    {
        await using var tandem = await TestTandem.StartAsync();
        var credential = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{tandem.Account.Sid}:{tandem.Account.Token}"));
        Assert.Contains(" 200 ", await SendAsync(tandem, $"Authorization: {string.Format(null, header, credential)}\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upper_case_SID_names_the_same_account()
    {
        await using var tandem = await TestTandem.StartAsync();
        var upper = tandem.Account with { Sid = "AC" + tandem.Account.Sid[2..].ToUpperInvariant() };
        Assert.Equal(200, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(upper))).Status);
    }

    [Fact]
    public async Task Every_other_header_is_refused_as_an_invalid_user_name()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (sid, token) = (tandem.Account.Sid, tandem.Account.Token);
        var good = Encode($"{sid}:{token}"); // 67 bytes: two padding signs, four bits that must be zero
        Assert.EndsWith("==", good, StringComparison.Ordinal);
        string[] refused =
        [
            "", "Basic", "Basic ", "Basic =", "Basic ====", "Bearer " + good, "Basic\t" + good, "Basic" + good, "Basic:" + good, good,
            "Basic " + good[..^1], "Basic " + good[..^2], "Basic " + good + "=", "Basic " + good + " ,x", "Basic " + good[..8] + " " + good[8..],
            "Basic " + good[..8] + "\t" + good[8..], "Basic _" + good[1..], "Basic " + good[..^3] + (char)(good[^3] + 1) + "==",
            "Basic " + Encode($"{sid}"), "Basic " + Encode($":{token}"), "Basic " + Encode($" {sid}:{token}"), "Basic " + Encode($"{sid} :{token}"),
            "Basic " + Encode($"{sid}:{token}\n"), "Basic " + Encode($"{sid}:{token}\0"), "Basic " + Encode($"{sid}:\u007f{token}"),
            "Basic " + Encode($"SK{sid[2..]}:{token}"), "Basic " + Encode($"ac{sid[2..]}:{token}"), "Basic " + Encode($"{sid[..^1]}:{token}"),
            "Basic " + Encode($"{sid}0:{token}"), "Basic " + Encode($"{sid[..^1]}g:{token}"), "Basic " + Encode($"{sid}:{new string('x', 800)}"),
            $"Basic username=\"{sid}\"", "Basic " + good + "," + "Basic " + good,
        ];
        foreach (var header in refused)
        {
            var answer = await SendAsync(tandem, $"Authorization: {header}\r\n");
            Assert.True(answer.Contains(" 401 ", StringComparison.Ordinal) && answer.Contains(InvalidUserName, StringComparison.Ordinal), header + "\n" + answer);
        }

        static string Encode(string text) => Convert.ToBase64String(Encoding.Latin1.GetBytes(text));
    }

    [Fact]
    public async Task Two_fields_are_refused_even_when_both_are_right()
    {
        await using var tandem = await TestTandem.StartAsync();
        var field = $"Authorization: {tandem.Account.Basic}\r\n";
        Assert.Contains(InvalidUserName, await SendAsync(tandem, field + field), StringComparison.Ordinal);
        Assert.Contains(InvalidUserName, await SendAsync(tandem, field + "authorization: Bearer x\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookies_and_credentials_elsewhere_count_for_nothing()
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync(
            "GET",
            $"{Calls.Accounts}?access_token={tandem.Account.Token}&AccountSid={tandem.Account.Sid}",
            r => r.As(null).With("Cookie", $"Authorization={tandem.Account.Basic}").With("Proxy-Authorization", tandem.Account.Basic));
        answer.IsError(401, 20003, NoCredentials);
    }

    private static async Task<string> SendAsync(TestTandem tandem, string field)
    {
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"GET {Calls.Accounts} HTTP/1.1\r\nHost: x\r\n{field}Connection: close\r\n\r\n");
        return await raw.ReadToEndAsync();
    }
}
