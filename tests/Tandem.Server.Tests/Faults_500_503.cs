using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Metrics;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Faults_500_503
{
    [Theory]
    [InlineData("GET", "/2010-04-01/Accounts.json")]
    [InlineData("POST", "/v1/AuthTokens/Secondary")]
    public async Task A_fault_is_a_500_and_one_log_line_without_the_request(string method, string path)
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        store.Fault = new InvalidOperationException("the fault's own text");
        var answer = await tandem.SendAsync(method, path + "?secret=in-the-query", r => r.With("X-Secret", "in-a-header"));
        answer.IsError(500, 20500, "Internal Server Error");
        answer.HasAnswerHeaders();
        Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
        var line = Assert.Single(tandem.Log.Lines, l => l.StartsWith("Error ", StringComparison.Ordinal));
        Assert.StartsWith($"Error Tandem.Server: Request {answer.Header("Twilio-Request-Id")} failed.\n", line, StringComparison.Ordinal);
        Assert.Contains("the fault's own text", line, StringComparison.Ordinal);
        Assert.DoesNotContain("in-the-query", line, StringComparison.Ordinal);
        Assert.DoesNotContain("in-a-header", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/v1/AuthTokens/Secondary")]
    [InlineData("DELETE", "/v1/AuthTokens/Secondary")]
    [InlineData("POST", "/v1/AuthTokens/Promote")]
    [InlineData("POST", "/2010-04-01/Accounts.json")]
    public async Task What_cannot_be_stored_now_is_a_503_that_may_be_tried_again(string method, string path)
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        store.Unavailable = true;
        var answer = await tandem.SendAsync(method, path);
        answer.IsError(503, 20503, "Service is unavailable, please try again");
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fault_after_the_commit_closes_the_connection_because_clients_repeat_after_a_5xx(bool unreadable)
    {
        using var log = new CapturedLog();
        await using var tandem = await TestTandem.StartAsync();
        var metrics = tandem.Services.GetRequiredService<ServerMetrics>();
        var context = new DefaultHttpContext();
        var connection = new Connection();
        context.Features.Set<IHttpRequestLifetimeFeature>(connection);
        await new Faults(metrics, log.CreateLogger("Tandem.Server")).AnswerAsync(context, request =>
        {
            request.Features.Set(Committed.Mark);
            throw unreadable ? new BadHttpRequestException("x", 413) : new InvalidOperationException("x");
        });
        Assert.True(connection.IsAborted);
        Assert.Equal(200, context.Response.StatusCode);
        Assert.Single(log.Lines);
    }

    [Fact]
    public async Task A_client_that_goes_away_is_no_fault()
    {
        await using var tandem = await TestTandem.StartAsync();
        await using (var raw = await tandem.ConnectAsync())
        {
            await raw.SendAsync($"POST {Calls.Secondary} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\nContent-Length: 10\r\n\r\nabc");
        }

        await tandem.CreateSecondaryAsync(); // the half request has created nothing
        Assert.DoesNotContain(tandem.Log.Lines, l => l.StartsWith("Error ", StringComparison.Ordinal));
    }

    private sealed class Connection : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
