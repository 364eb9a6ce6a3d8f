using System.Net;
using System.Net.Security;
using System.Text.RegularExpressions;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>A browser without a window: keeps cookies, follows no redirect, and sends forms with the token of the page they are on.</summary>
internal sealed partial class ConsoleClient : IDisposable
{
    public const string Password = "three quiet otters";

    private readonly HttpClient _http;
    private readonly string? _host;

    public ConsoleClient(TestTandem tandem, string? host = null)
    {
        _host = host;
        _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = Cookies, SslOptions = TrustingAnybody() })
        {
            BaseAddress = tandem.Address,
        };
    }

    public CookieContainer Cookies { get; } = new();

    /// <summary>Where it comes from, for a server that trusts a proxy here.</summary>
    public string? Address { get; set; }

    public static async Task AddUserAsync(TestTandem tandem, string name, UserRole role = UserRole.Administrator)
    {
        using var client = TandemClient.OverSocket(AdminSocket.PathIn(tandem.DataDirectory));
        await client.AddUserAsync(new() { Name = name, Role = Users.NameOf(role), Password = Password }, TestContext.Current.CancellationToken);
    }

    /// <summary>One in which a new user has signed in.</summary>
    public static async Task<ConsoleClient> SignedInAsync(TestTandem tandem, string name = "ada", UserRole role = UserRole.Administrator)
    {
        await AddUserAsync(tandem, name, role);
        var client = new ConsoleClient(tandem);
        var answer = await client.SignInAsync(name);
        Assert.Equal((303, "/accounts"), (answer.Status, answer.Header("Location")));
        return client;
    }

    public Task<TestAnswer> GetAsync(string path, Action<HttpRequestMessage>? say = null) => SendAsync("GET", path, say);

    public async Task<TestAnswer> SendAsync(string method, string path, Action<HttpRequestMessage>? say = null)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(path, UriKind.Relative));
        request.Headers.Host = _host;
        if (Address is not null)
        {
            request.With("X-Forwarded-For", Address);
        }

        say?.Invoke(request);
        using var response = await _http.SendAsync(request);
        return await TestAnswer.ReadAsync(response);
    }

    /// <summary>Sends a form as from a page at <paramref name="from"/>, with that page's token.</summary>
    public async Task<TestAnswer> PostAsync(string path, string from, params (string Name, string Value)[] fields)
    {
        var token = TokenIn((await GetAsync(from)).Body);
        return await SendAsync("POST", path, r => r.Form([("form-token", token), .. fields]));
    }

    public Task<TestAnswer> SignInAsync(string name, string password = Password) =>
        PostAsync("/sign-in", "/invitation", ("name", name), ("password", password));

    /// <summary>For certificates of a test's own making.</summary>
    public static SslClientAuthenticationOptions TrustingAnybody() =>
#pragma warning disable CA5359 // Which certificate is shown is not what these tests ask.
        new() { RemoteCertificateValidationCallback = static (_, _, _, _) => true };
#pragma warning restore CA5359

    public static string TokenIn(string page) => FormToken().Match(page) is { Success: true } found ? found.Groups["token"].Value
        : throw new InvalidOperationException($"No form on this page:\n{page}");

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("name=\"form-token\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex FormToken();
}
