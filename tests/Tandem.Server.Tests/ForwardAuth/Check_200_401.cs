using System.Net;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

public sealed class Check_200_401
{
    public static TheoryData<string> Families => Checks.Families;

    [Theory]
    [MemberData(nameof(Families))]
    public async Task A_valid_credential_is_200_with_every_identity_header(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        var (secondary, subSecondary) = (await tandem.CreateSecondaryAsync(), await tandem.CreateSecondaryAsync(sub));
        (await tandem.SendAsync("GET", path)).IsYes(tandem.Account);
        (await tandem.SendAsync("GET", path, r => r.As(secondary))).IsYes(tandem.Account, slot: "secondary");
        (await tandem.SendAsync("GET", path, r => r.As(sub))).IsYes(sub, parent: tandem.Account.Sid);
        (await tandem.SendAsync("GET", path, r => r.As(subSecondary))).IsYes(sub, parent: tandem.Account.Sid, slot: "secondary");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task The_identity_is_in_lower_case_however_the_SID_was_written(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var upper = tandem.Account with { Sid = "AC" + tandem.Account.Sid[2..].ToUpperInvariant() };
        (await tandem.SendAsync("GET", path, r => r.As(upper))).IsYes(tandem.Account);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Refusals_look_the_same_whatever_the_reason(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var refused = await tandem.RefusedAsync();
        var looks = new List<string>();
        foreach (var credential in refused.Values.Append(null))
        {
            var answer = await tandem.SendAsync("GET", path, r => r.As(credential));
            answer.IsNo();
            looks.Add(string.Join('\n', answer.Headers.Where(h => h.Key is not "Date").Select(h => $"{h.Key}: {h.Value}").Append(answer.Body)));
        }

        Assert.Single(looks.Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task A_promotion_and_a_suspension_count_from_the_next_check_on(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        var secondary = await tandem.CreateSecondaryAsync(sub);
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary))).Status);
        (await tandem.SendAsync("GET", path, r => r.As(sub))).IsNo();
        (await tandem.SendAsync("GET", path, r => r.As(secondary))).IsYes(sub, tandem.Account.Sid);
        await tandem.SetStatusAsync(sub, "suspended");
        (await tandem.SendAsync("GET", path, r => r.As(secondary))).IsNo();
        await tandem.SetStatusAsync(sub, "active");
        (await tandem.SendAsync("GET", path, r => r.As(secondary))).IsYes(sub, tandem.Account.Sid);
    }

    [Theory]
    [InlineData("/auth/nginx?y=1")]
    [InlineData("/auth/forward?/auth/nginx")]
    [InlineData("/auth/envoy")]
    [InlineData("/auth/envoy/")]
    [InlineData("/auth/envoy?x=/../")]
    [InlineData("/auth/envoy/../../health")] // what Envoy asks for a client's /../../health
    [InlineData("/auth/envoy/..%2f..%2fhealth")]
    [InlineData("/auth/envoy/%2e%2e/%2e%2e/alive")]
    [InlineData("/auth/envoy/../nginx")]
    [InlineData("/auth/envoy/../../v1/AuthTokens/Secondary")]
    [InlineData("/auth/envoy//double//slashes")]
    [InlineData("http://elsewhere.example/auth/forward")]
    [InlineData("https://elsewhere.example/auth/envoy/../../health")]
    public async Task The_target_chooses_the_family_and_nothing_else(string target)
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var method in (string[])["GET", "POST", "DELETE", "OPTIONS", "PROPFIND"])
        {
            Assert.Contains(" 401 ", await AskAsync(tandem, method, target, ""), StringComparison.Ordinal);
            var yes = await AskAsync(tandem, method, target, $"Authorization: {tandem.Account.Basic}\r\n");
            Assert.True(IsYes(yes), $"{method} {target}\n{yes}");
        }

        Assert.Equal(404, (await tandem.SendAsync("DELETE", Calls.Secondary)).Status); // none was created on the way

        bool IsYes(string answer) => answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
            && answer.Contains($"\r\nX-Account-Sid: {tandem.Account.Sid}\r\n", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/auth")]
    [InlineData("/auth/")]
    [InlineData("/auth/forward/")]
    [InlineData("/auth/forward/x")]
    [InlineData("/auth/nginxx")]
    [InlineData("/auth/envoyx")]
    [InlineData("/AUTH/forward")]
    [InlineData("/auth/Forward")]
    public async Task Any_other_path_is_never_a_yes(string target)
    {
        await using var tandem = await TestTandem.StartAsync();
        Assert.Contains(" 401 ", await AskAsync(tandem, "GET", target, ""), StringComparison.Ordinal);
        Assert.Contains(" 404 ", await AskAsync(tandem, "GET", target, $"Authorization: {tandem.Account.Basic}\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("//auth/forward")]
    [InlineData("/%61uth/forward")]
    [InlineData("/x/../auth/forward")]
    [InlineData("/auth/../auth/envoy/x")]
    [InlineData("http://elsewhere.example?/auth/forward")] // there the slash is the query's
    [InlineData("http://elsewhere.example\\auth/forward")]
    public async Task A_path_of_more_than_one_reading_is_no_check(string target)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await AskAsync(tandem, "GET", target, $"Authorization: {tandem.Account.Basic}\r\n");
        Assert.DoesNotContain("X-Account-Sid", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(" 200 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task HEAD_is_answered_like_GET_without_the_body(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(401, (await raw.ReadAsync(withoutBody: true)).Status);
        await raw.SendAsync($"HEAD {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\n\r\n");
        (await raw.ReadAsync(withoutBody: true)).IsYes(tandem.Account);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task A_body_is_not_waited_for(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n");
        (await raw.ReadAsync()).IsYes(tandem.Account);
    }

    [Theory]
    [InlineData(Checks.Nginx)]
    [InlineData(Checks.Forward)]
    [InlineData(Checks.Envoy)]
    [InlineData(Checks.Verify)]
    public async Task Administration_has_no_such_paths(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectToAdminAsync();
        await raw.SendAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(404, (await raw.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("auth/nginx", 404)]
    [InlineData("auth/forward", 404)]
    [InlineData("auth/verify", 404)]
    [InlineData("2010-04-01/Accounts.json", 200)]
    public async Task Neither_has_the_Twilio_proxy(string path, int status)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { TwilioProxy = new(IPAddress.Loopback, 0) } });
        var addresses = TandemHost.Addresses(tandem.Services);
        var (_, output) = await Listeners.Wire.CurlAsync(
            "--proxy", addresses.TwilioProxy!.ToString(), "--cacert", Path.Combine(tandem.DataDirectory, Server.Listeners.TwilioAuthority.CertificateFileName),
            "--user", $"{tandem.Account.Sid}:{tandem.Account.Token}", "--output", "/dev/null", "--write-out", "%{http_code}", $"https://api.twilio.com/{path}");
        Assert.Equal($"{status}", output);
    }

    private static async Task<string> AskAsync(TestTandem tandem, string method, string target, string field)
    {
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"{method} {target} HTTP/1.1\r\nHost: elsewhere.example\r\n{field}Connection: close\r\n\r\n");
        return await raw.ReadToEndAsync();
    }
}
