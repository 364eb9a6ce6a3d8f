using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

public sealed class Verify_200_405
{
    [Fact]
    public async Task A_valid_credential_in_the_header_or_the_body_is_VALID()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        var secondary = await tandem.CreateSecondaryAsync(sub);
        foreach (var send in (Func<TestCredential, Task<TestAnswer>>[])[InHeader, InBody])
        {
            Is(await send(tandem.Account), $$"""{"code":"VALID","account_sid":"{{tandem.Account.Sid}}","parent_account_sid":null,"token_slot":"primary"}""");
            Is(await send(secondary), $$"""{"code":"VALID","account_sid":"{{sub.Sid}}","parent_account_sid":"{{tandem.Account.Sid}}","token_slot":"secondary"}""");
        }

        Task<TestAnswer> InHeader(TestCredential c) => tandem.SendAsync("POST", Checks.Verify, r => r.As(c));
        Task<TestAnswer> InBody(TestCredential c) => BodyAsync(tandem, Json(c));
    }

    [Fact]
    public async Task Every_other_credential_is_INVALID_and_looks_the_same()
    {
        await using var tandem = await TestTandem.StartAsync();
        var looks = new List<string>();
        foreach (var credential in (await tandem.RefusedAsync()).Values)
        {
            foreach (var answer in (TestAnswer[])[
                await tandem.SendAsync("POST", Checks.Verify, r => r.As(credential)),
                await BodyAsync(tandem, Json(credential))])
            {
                Is(answer, """{"code":"INVALID","account_sid":null,"parent_account_sid":null,"token_slot":null}""");
                looks.Add(string.Join('\n', answer.Headers.Where(h => h.Key is not "Date").Select(h => $"{h.Key}: {h.Value}")));
            }
        }

        Assert.Single(looks.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_credential_in_both_places_is_MALFORMED_even_when_both_are_right()
    {
        await using var tandem = await TestTandem.StartAsync();
        IsMalformed(await BodyAsync(tandem, Json(tandem.Account), r => r.As(tandem.Account)));
        IsMalformed(await BodyAsync(tandem, Json(tandem.Account), r => r.As(null).With("Authorization", "Bearer x")));
        Assert.Equal("VALID", (await BodyAsync(tandem, "{}", r => r.As(tandem.Account))).Text("code"));
    }

    [Fact]
    public async Task Whatever_is_not_one_credential_is_MALFORMED()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (sid, token) = (tandem.Account.Sid, tandem.Account.Token);
        var good = Json(tandem.Account);
        string[] bodies =
        [
            "", " ", "{}", "[]", "null", "1", "x", "\"x\"", "{", good[..^1], good + good, good + "x", good + ",", "[" + good + "]", "\ufeff" + good,
            $$"""{"account_sid":"{{sid}}"}""", $$"""{"auth_token":"{{token}}"}""",
            $$"""{"account_sid":"{{sid}}","auth_token":null}""", $$"""{"account_sid":null,"auth_token":"{{token}}"}""",
            $$"""{"account_sid":"{{sid}}","auth_token":1}""", $$"""{"account_sid":"{{sid}}","auth_token":["{{token}}"]}""",
            $$"""{"account_sid":{"a":1},"auth_token":"{{token}}"}""",
            $$"""{"account_sid":"{{sid}}","account_sid":"{{sid}}","auth_token":"{{token}}"}""",
            $$"""{"account_sid":"{{sid}}","auth_token":"wrong","auth_token":"{{token}}"}""",
            $$"""{"account_sid":"{{sid}}","auth_token":"{{token}}","other":1}""",
            $$"""{"Account_Sid":"{{sid}}","auth_token":"{{token}}"}""", $$"""{"accountSid":"{{sid}}","authToken":"{{token}}"}""",
            $$"""{"account_sid":" {{sid}}","auth_token":"{{token}}"}""", $$"""{"account_sid":"{{sid}}0","auth_token":"{{token}}"}""",
            $$"""{"account_sid":"ac{{sid[2..]}}","auth_token":"{{token}}"}""", $$"""{"account_sid":"","auth_token":"{{token}}"}""",
            $$"""{"account_sid":"{{sid}}","auth_token":"\ud800{{token}}"}""", $$"""{"account_sid":"{{sid}}","auth_token":"{{new string('x', 800)}}"}""",
            $$"""{"account_sid":"{{sid}}","auth_token":"{{token}}",}""", $$"""{/**/"account_sid":"{{sid}}","auth_token":"{{token}}"}""",
            good + new string(' ', 5000), $"account_sid={sid}&auth_token={token}",
        ];
        foreach (var body in bodies)
        {
            IsMalformed(await BodyAsync(tandem, body), body);
        }

        IsMalformed(await BodyAsync(tandem, good + new string(' ', 20_000)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task A_body_in_pieces_is_read_as_a_whole(int size)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        var body = Json(tandem.Account).Replace("AC", "\\u0041C", StringComparison.Ordinal);
        await raw.SendAsync($"POST {Checks.Verify} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var piece in body.Chunk(size))
        {
            await raw.SendAsync($"{piece.Length:x}\r\n{new string(piece)}\r\n");
        }

        await raw.SendAsync("0\r\n\r\n");
        Assert.Equal("VALID", (await raw.ReadAsync()).Text("code"));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    public async Task Any_method_but_POST_is_405(string method)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync(method, Checks.Verify);
        answer.IsError(405, 20004, "Method not allowed");
        Assert.Equal("POST", answer.Header("Allow"));
    }

    private static string Json(TestCredential c) => $$"""{"account_sid":"{{c.Sid}}","auth_token":"{{c.Token}}"}""";

    private static Task<TestAnswer> BodyAsync(TestTandem tandem, string body, Action<HttpRequestMessage>? say = null) =>
        tandem.SendAsync("POST", Checks.Verify, r =>
        {
            r.As(null).Content = new StringContent(body, Encoding.UTF8, "application/json");
            say?.Invoke(r);
        });

    private static void Is(TestAnswer answer, string body)
    {
        Assert.Equal((200, "application/json", body), (answer.Status, answer.Header("Content-Type"), answer.Body));
        answer.IsKeptOutOfCaches();
    }

    private static void IsMalformed(TestAnswer answer, string? what = null) =>
        Assert.True(answer is { Status: 200 } && answer.Text("code") == "MALFORMED", $"{what}\n{answer.Status} {answer.Body}");
}
