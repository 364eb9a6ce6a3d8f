using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>
/// What Kestrel refuses before the application is asked. Each case pins the diagnostic event that our bodies depend on: were it to go, the body
/// would be empty.
/// </summary>
public sealed class KestrelRefusals_4xx_505
{
    private const string Line = "GET / HTTP/1.1\r\n";

    public static TheoryData<string, string, int> Cases => new()
    {
        { "a line that is no request", "hello\r\n\r\n", 400 },
        { "a method of wrong characters", "G<T / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
        { "a target that is none", "GET ?x HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
        { "a target for CONNECT alone", "GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 405 },
        { "a target with a NUL", "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
        { "an asterisk that is no OPTIONS", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 405 },
        { "a header without a colon", Line + "Host: x\r\nnonsense\r\n\r\n", 400 },
        { "a header with a blank before its colon", Line + "Host : x\r\n\r\n", 400 },
        { "a folded header", Line + "Host: x\r\nA: b\r\n c\r\n\r\n", 400 },
        { "no Host", Line + "\r\n", 400 },
        { "two Hosts", Line + "Host: x\r\nHost: y\r\n\r\n", 400 },
        { "a Host of wrong characters", Line + "Host: a b\r\n\r\n", 400 },
        { "a length that is no number", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400 },
        { "two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400 },
        { "an unknown transfer coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400 },
        { "HTTP/1.0 POST without a length", "POST / HTTP/1.0\r\nHost: x\r\n\r\n", 400 },
        { "headers that are too large", Line + "Host: x\r\nA: " + new string('a', 20_000) + "\r\n\r\n", 431 },
        { "headers that are too many", Line + "Host: x\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 70)) + "\r\n", 431 },
        { "a line that is too long", "GET /" + new string('a', 10_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414 },
        { "another version", "GET / HTTP/3.7\r\nHost: x\r\n\r\n", 505 },
        { "TLS where none is spoken", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n", 400 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Has_a_JSON_body_and_the_connection_is_closed(string what, string request, int status)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync(request);
        var answer = await raw.ReadAsync();
        IsRefusal(answer, status, what);
        Assert.Equal("", await raw.ReadToEndAsync());
    }

    [Fact]
    public async Task Behind_a_good_request_the_good_answer_stays_whole()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
        var (good, bad) = (await raw.ReadAsync(), await raw.ReadAsync());
        Assert.Equal((200, """{"status":"ready","check":true,"mutations":true,"usage":true}"""), (good.Status, good.Body));
        IsRefusal(bad, 400, "pipelined");
        Assert.Equal("", await raw.ReadToEndAsync());
    }

    [Fact]
    public async Task The_answer_to_HEAD_has_no_body()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync("HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n");
        Assert.EndsWith("\r\n\r\n", await raw.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Never_quotes_the_request()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"GET / HTTP/1.1\r\nHost: {tandem.Account.Token} x\r\n\r\n");
        Assert.DoesNotContain(tandem.Account.Token, await raw.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 20000\r\n\r\n", 413)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    public async Task A_body_that_cannot_be_read_is_refused_by_the_application(string rest, int status)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"POST {Calls.Secondary} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\n{rest}");
        var answer = await raw.ReadAsync();
        IsRefusal(answer, status, rest);
        Assert.Equal("", await raw.ReadToEndAsync());
        await tandem.CreateSecondaryAsync();
    }

    [Fact]
    public async Task On_the_administration_socket_too()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectToAdminAsync();
        await raw.SendAsync("hello\r\n\r\n");
        IsRefusal(await raw.ReadAsync(), 400, "admin");
    }

    private static void IsRefusal(TestAnswer answer, int status, string what)
    {
        var (code, message) = status switch
        {
            405 => (20004, "Method not allowed"),
            413 => (20413, "Request Entity Too Large"),
            414 => (20413, "Request-URI Too Long"),
            431 => (20413, "Request Header Fields Too Large"),
            505 => (20426, "HTTP Version Not Supported"),
            _ => (20001, "Bad Request"),
        };
        Assert.True(answer.Status == status, $"{what}: {answer.Status}");
        answer.IsError(status, code, message);
        answer.HasAnswerHeaders();
        Assert.Equal("close", answer.Header("Connection"));
        Assert.NotNull(answer.Header("Date"));
        Assert.Equal(status != 405 ? null : what.Contains("CONNECT", StringComparison.Ordinal) ? "CONNECT" : "OPTIONS", answer.Header("Allow"));
    }
}
