using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Misses_404_405
{
    [Theory]
    [InlineData("/nowhere", "/nowhere")]
    [InlineData("/v1/Nowhere", "/Nowhere")]
    [InlineData("/v12/AuthTokens/Other.json", "/AuthTokens/Other.json")]
    [InlineData("/verify/x", "/verify/x")]
    [InlineData("/2010-04-01/Nowhere.json", "/2010-04-01/Nowhere.json")]
    [InlineData("/2010-04-01/Accounts/AC123.json", "/2010-04-01/Accounts/AC123.json")]
    [InlineData("/a%22%0A%3Cb%3E", @"/a\""\n<b>")]
    public async Task An_unknown_path_is_a_404_that_names_it_as_Twilio_does(string path, string resource)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("GET", path);
        answer.IsNotFound(resource);
        answer.HasAnswerHeaders();
    }

    [Theory]
    [InlineData("GET", "/v1/AuthTokens/Secondary", "DELETE, POST")]
    [InlineData("DELETE", "/v1/AuthTokens/Promote", "POST")]
    [InlineData("PATCH", "/2010-04-01/Accounts.json", "GET, HEAD, POST")]
    [InlineData("DELETE", "/2010-04-01/Accounts/AC123.json", "GET, HEAD, POST")]
    public async Task A_known_path_with_another_method_is_a_405_that_allows(string method, string path, string allowed)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync(method, path);
        answer.IsError(405, 20004, "Method not allowed");
        Assert.Equal(allowed, string.Join(", ", answer.Header("Allow")!.Split(", ").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task The_administration_socket_has_the_own_API_and_nothing_of_Twilio_s()
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var path in new[] { Calls.Accounts, Calls.Secondary, "/" })
        {
            await using var raw = await tandem.ConnectToAdminAsync();
            await raw.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\n\r\n");
            IsProblem(await raw.ReadAsync(), 404, "Not Found", $"The requested resource {path} was not found.".Replace("/v1", "", StringComparison.Ordinal), "not_found");
        }
    }

    [Fact]
    public async Task The_own_API_tells_its_misses_as_problem_details()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectToAdminAsync();
        await raw.SendAsync("GET /tandem/v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
        IsProblem(await raw.ReadAsync(), 404, "Not Found", "The requested resource /tandem/v1/nowhere was not found.", "not_found");
        await raw.SendAsync("PATCH /tandem/v1/accounts HTTP/1.1\r\nHost: x\r\n\r\n");
        IsProblem(await raw.ReadAsync(), 405, "Method Not Allowed", "Method not allowed.", "method_not_allowed");
        await raw.SendAsync("POST /tandem/v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n");
        IsProblem(await raw.ReadAsync(), 413, "Payload Too Large", "Request Entity Too Large.", "invalid_request");
    }

    private static void IsProblem(TestAnswer answer, int status, string title, string detail, string kind)
    {
        Assert.Equal((status, "application/problem+json"), (answer.Status, answer.Header("Content-Type")));
        Assert.Equal($$"""{"type":"about:blank","title":"{{title}}","status":{{status}},"detail":"{{detail}}","kind":"{{kind}}"}""", answer.Body);
        answer.HasAnswerHeaders();
    }

    [Theory]
    [InlineData("/2010-04-01/Accounts.json")]
    [InlineData("/2010-04-01/Accounts/{0}.json")]
    [InlineData("/health")]
    public async Task HEAD_answers_as_GET_without_the_body(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        path = string.Format(null, path, tandem.Account.Sid);
        var (head, get) = (await tandem.SendAsync("HEAD", path), await tandem.SendAsync("GET", path));
        Assert.Equal((200, ""), (head.Status, head.Body));
        Assert.Equal(get.Header("Content-Length"), head.Header("Content-Length"));
        Assert.Equal("application/json", head.Header("Content-Type"));
    }
}
