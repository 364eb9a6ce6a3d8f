using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Server.Listeners;
using Tandem.Storage;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class TandemHostTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tandem-");
    private readonly RootKey _rootKey = RootKey.Generate();
    private SqliteAccountStore _store = null!;
    private TandemOptions _options = null!;

    public ValueTask InitializeAsync()
    {
        _options = new() { DataDirectory = _directory.FullName, Listen = [ListenerHost.FreePort], TwilioProxy = ListenerHost.FreePort };
        _store = SqliteAccountStore.Open(
            new() { Directory = _directory.FullName, RootKey = _rootKey, Stop = static why => Environment.FailFast(why) }, NullLogger.Instance);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_Twilio_client_reaches_the_API_through_the_tunnel_and_directly()
    {
        await using var app = await StartAsync();
        var credential = await CreateAccountAsync(app);
        var addresses = TandemHost.Addresses(app);
        var ca = Path.Combine(_directory.FullName, TwilioAuthority.CertificateFileName);
        var through = await Wire.CurlAsync("--http2", "--proxy", addresses.TwilioProxy!.ToString(), "--cacert", ca, "--user", credential,
            "--write-out", " %{http_code} %{http_version}", "--request", "POST", "https://accounts.twilio.com/v1/AuthTokens/Secondary");
        Assert.EndsWith(" 201 2", through.Output, StringComparison.Ordinal);
        var reference = await Wire.CurlAsync("--proxy", addresses.TwilioProxy!.ToString(), "--cacert", ca, "--write-out", " %{http_code}", "https://accounts.twilio.com/openapi/v1.json");
        Assert.EndsWith(" 401", reference.Output, StringComparison.Ordinal); // Twilio has none there
        var direct = await Wire.CurlAsync("--user", credential, "--write-out", " %{http_code}", "--request", "DELETE", $"{addresses.Api[0]}v1/AuthTokens/Secondary");
        Assert.Equal(" 204", direct.Output);
    }

    [Theory]
    [InlineData("Host: admin.sock")]
    [InlineData("Host: unix\r\nX-Forwarded-For: unix:\r\nX-Forwarded-Host: admin.sock\r\nX-Original-For: unix:")]
    [InlineData("Host: localhost\r\nX-Forwarded-Prefix: /tandem/v1\r\nForwarded: for=unix;host=admin.sock")]
    public async Task Nothing_that_a_TCP_client_sends_opens_the_administrators_API(string headers)
    {
        await using var app = await StartAsync();
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes(await CreateAccountAsync(app)));
        string[] paths = ["/tandem/v1/accounts", "/tandem/v1", "/Tandem/V1/accounts"];
        string[] unclear = ["//tandem/v1/accounts", "/x/../tandem/v1/accounts", "/%74andem/v1/accounts"];
        foreach (var path in paths)
        {
            var request = $"GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n";
            var address = TandemHost.Addresses(app).Api[0];
            Assert.StartsWith("HTTP/1.1 401 ", await Wire.AskAsync(address, request + "\r\n"), StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 404 ", await Wire.AskAsync(address, $"{request}Authorization: Basic {basic}\r\n\r\n"), StringComparison.Ordinal);
        }

        foreach (var path in unclear)
        {
            var request = $"GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\nAuthorization: Basic {basic}\r\n\r\n";
            Assert.StartsWith("HTTP/1.1 400 ", await Wire.AskAsync(TandemHost.Addresses(app).Api[0], request), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_environment_adds_no_address_and_no_development_mode()
    {
        // No other host in these tests reads them, so that they need not be alone.
        Environment.SetEnvironmentVariable("ASPNETCORE_URLS", "http://127.0.0.1:0");
        Environment.SetEnvironmentVariable("ASPNETCORE_PREFERHOSTINGURLS", "true");
        Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", "Development");
        Environment.SetEnvironmentVariable("Kestrel__Endpoints__Other__Url", "http://127.0.0.1:0");
        await using var app = await StartAsync();
        Assert.Equal(3, app.Urls.Count); // the API, the tunnel, the socket
        Assert.Equal("Production", app.Environment.EnvironmentName);
    }

    [Fact]
    public void What_cannot_be_listened_on_is_said_before_the_start()
    {
        var tooLong = Assert.Throws<ListenerException>(() => TandemHost.Build(_options with { DataDirectory = "/" + new string('d', 100) }, _store));
        Assert.Contains("shorter directory with --data", tooLong.Message, StringComparison.Ordinal);
        var missing = Assert.Throws<ListenerException>(() => TandemHost.Build(_options with { TlsCertificateFile = "/none.pem", TlsKeyFile = "/none.key" }, _store));
        Assert.Contains("/none.pem does not exist", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_address_is_said_at_the_start_and_leaves_no_socket()
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var app = TandemHost.Build(_options with { Listen = [(IPEndPoint)taken.LocalEndpoint] }, _store);
        var failed = await Assert.ThrowsAsync<IOException>(() => app.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains(((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture), failed.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(AdminSocket.PathIn(_directory.FullName)));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _rootKey.Dispose();
        _directory.Delete(recursive: true);
    }

    private static async Task<string> CreateAccountAsync(WebApplication app)
    {
        var outcome = await app.Services.GetRequiredService<AccountLifecycle>()
            .CreateAsync(Caller.Operator("test"), parent: null, "Acme", new("test", "RQ" + new string('0', 32)));
        using var created = outcome.Value!;
        return $"{created.Account.Sid}:{created.Token.Reveal()}";
    }

    private async Task<WebApplication> StartAsync()
    {
        var app = TandemHost.Build(_options, _store);
        await app.StartAsync();
        return app;
    }
}
