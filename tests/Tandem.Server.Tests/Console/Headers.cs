using System.Net;
using Tandem.Server.Console;
using Tandem.Server.Tests.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>What every answer of the console tells the browser, whatever its status.</summary>
public sealed class Headers
{
    private const string Policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    [Fact]
    public async Task Every_answer_is_strict_and_kept_out_of_caches()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        await ConsoleClient.AddUserAsync(tandem, "vic", UserRole.Viewer);
        var seen = new List<int>();
        foreach (var (method, path) in new[]
        {
            ("GET", "/"), ("GET", "/sign-in"), ("GET", "/setup"), ("GET", "/invitation"), ("GET", "/accounts"), ("HEAD", "/accounts"), ("GET", "/me"),
            ("GET", "/me/password"), ("GET", "/users"), ("GET", "/users/_new"), ("GET", "/users/vic"), ("GET", "/users/vic/remove"),
            ("GET", "/users/nobody"), ("GET", "/accounts/nothing"), ("GET", "/assets/nothing.css"), ("GET", "/users/vic/role"), ("DELETE", "/users/vic"),
            ("PUT", "/sign-in"), ("OPTIONS", "/accounts"), ("POST", "/sign-in"), ("POST", "/users/vic/remove"), ("POST", "/nothing-here"),
        })
        {
            var answer = await client.SendAsync(method, path, r => r.Form());
            if (path == "/nothing-here")
            {
                Assert.Equal(401, answer.Status); // no path of the console's
                continue;
            }

            IsStrict(answer, $"{method} {path}");
            Assert.Equal("no-store", answer.Header("Cache-Control"));
            seen.Add(answer.Status);
        }

        var foreign = await client.SendAsync("POST", "/sign-out", r => r.Form().With("Sec-Fetch-Site", "same-site"));
        IsStrict(foreign, "a form from elsewhere");
        seen.Add(foreign.Status);
        Assert.Equal([200, 303, 400, 403, 404, 405], seen.Distinct().Order());
    }

    [Fact]
    public async Task A_fault_and_a_full_disk_are_pages_too()
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        using var client = await ConsoleClient.SignedInAsync(tandem);
        store.Fault = new InvalidOperationException("a fault that a test made");
        var faulted = await client.GetAsync("/accounts");
        IsStrict(faulted, "a fault");
        Assert.Equal(500, faulted.Status);
        Assert.Contains(faulted.Header("Twilio-Request-Id")!, faulted.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("a test made", faulted.Body, StringComparison.Ordinal);

        (store.Fault, store.Unavailable) = (null, true);
        var full = await client.PostAsync("/users/ada/role", "/me", ("role", "administrator"));
        IsStrict(full, "a full disk");
        Assert.Equal((503, "1"), (full.Status, full.Header("Retry-After")));
    }

    [Fact]
    public async Task Files_are_kept_for_good_because_their_address_holds_their_hash()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = new ConsoleClient(tandem);
        var page = (await client.GetAsync("/invitation")).Body;
        foreach (var (asset, type) in new[] { (ConsoleAsset.Style, "text/css; charset=utf-8"), (ConsoleAsset.Script, "text/javascript; charset=utf-8"), (ConsoleAsset.Icon, "image/svg+xml") })
        {
            Assert.Contains($"\"{asset.Path}\"", page, StringComparison.Ordinal);
            var answer = await client.GetAsync(asset.Path);
            IsStrict(answer, asset.Path);
            Assert.Equal((200, type, "public, max-age=31536000, immutable"), (answer.Status, answer.Header("Content-Type"), answer.Header("Cache-Control")));
            Assert.Null(answer.Header("Set-Cookie"));
            Assert.Empty((await client.SendAsync("HEAD", asset.Path)).Body);
        }

        Assert.DoesNotContain("://", page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal); // nothing from elsewhere
    }

    [Fact]
    public async Task Over_TLS_cookies_are_host_cookies_and_the_browser_is_told_to_stay_with_it()
    {
        var files = Directory.CreateTempSubdirectory("tandem-tls-");
        var (certificate, key) = (Path.Combine(files.FullName, "cert.pem"), Path.Combine(files.FullName, "key.pem"));
        using var made = Pem.Write(certificate, key);
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { TlsCertificateFile = certificate, TlsKeyFile = key } });
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var client = new ConsoleClient(tandem);
        var signedIn = await client.SignInAsync("ada");
        Assert.Equal(303, signedIn.Status);
        Assert.Equal("max-age=31536000; includeSubDomains", signedIn.Header("Strict-Transport-Security"));
        Assert.Equal(
            ["__Host-tandem", "__Host-tandem-device", "__Host-tandem-form"],
            client.Cookies.GetAllCookies().Select(c => c.Name).Order(StringComparer.Ordinal));
        Assert.All(client.Cookies.GetAllCookies(), c => Assert.True(c is { Secure: true, HttpOnly: true, Path: "/" }));
        Assert.Matches("__Host-tandem=[^;]+; path=/; secure; samesite=strict; httponly", signedIn.Header("Set-Cookie"));

        // A cookie of the plain kind, which a neighbour on another port could have set, is none over TLS.
        using var other = new ConsoleClient(tandem);
        other.Cookies.Add(tandem.Address, new Cookie("tandem", client.Cookies.GetAllCookies().Single(c => c.Name == "__Host-tandem").Value));
        Assert.Equal(303, (await other.GetAsync("/accounts")).Status);
        files.Delete(recursive: true);
    }

    [Fact]
    public async Task Over_plain_http_cookies_are_as_strict_as_they_can_be()
    {
        await using var tandem = await TestTandem.StartAsync();
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var client = new ConsoleClient(tandem);
        var signedIn = await client.SignInAsync("ada");
        Assert.Null(signedIn.Header("Strict-Transport-Security"));
        Assert.Matches("(^| )tandem=[^;]+; path=/; samesite=strict; httponly", signedIn.Header("Set-Cookie"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Behind_a_proxy_that_ends_TLS_cookies_are_host_cookies_and_every_answer_asks_for_TLS(bool isForwarded, bool isPublic)
    {
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Options = o => o with
            {
                TrustedProxies = isForwarded ? [IPNetwork.Parse("127.0.0.0/8")] : [],
                PublicUrl = isPublic ? new("https://tandem.example.com") : null,
            },
        });
        await ConsoleClient.AddUserAsync(tandem, "ada");
        var form = await GetAsync("GET", "/sign-in", "");
        Assert.Matches("^__Host-tandem-form=[^;]+; path=/; secure; samesite=strict; httponly$", form.Header("Set-Cookie"));
        var mark = form.Header("Set-Cookie")!.Split(';')[0];
        var token = ConsoleClient.TokenIn(form.Body);
        var signedIn = await GetAsync("POST", "/sign-in", mark, ("form-token", token), ("name", "ada"), ("password", ConsoleClient.Password));
        Assert.Equal(303, signedIn.Status);
        const string strict = "path=/; secure; samesite=strict; httponly";
        Assert.Matches($"^__Host-tandem=[^;]+; {strict}, __Host-tandem-device=[^;]+; max-age=15552000; {strict}$", signedIn.Header("Set-Cookie"));
        var session = $"{mark}; {signedIn.Header("Set-Cookie")!.Split(';')[0]}";
        foreach (var (method, path, status) in new[]
        {
            ("GET", "/accounts", 200), ("GET", "/", 303), ("GET", "/users/nobody", 404), ("DELETE", "/users/ada", 405), ("POST", "/sign-out", 400),
            ("GET", "/assets/nothing.css", 404),
            ("GET", ConsoleAsset.Style.Path, 200), ("OPTIONS", "/accounts", 405), ("GET", "/accounts/nothing", 404),
        })
        {
            var answer = await GetAsync(method, path, session);
            Assert.Equal((path, status, "max-age=31536000; includeSubDomains"), (path, answer.Status, answer.Header("Strict-Transport-Security")));
        }

        async Task<TestAnswer> GetAsync(string method, string path, string cookies, params (string, string)[] fields)
        {
            using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
            using var http = new HttpClient(handler) { BaseAddress = tandem.Address };
            using var request = new HttpRequestMessage(new(method), new Uri(path, UriKind.Relative));
            _ = isForwarded ? request.With("X-Forwarded-Proto", "https").With("X-Forwarded-For", "203.0.113.7") : request;
            _ = cookies.Length > 0 ? request.With("Cookie", cookies) : request;
            _ = method == "POST" ? request.Form(fields) : request;
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return await TestAnswer.ReadAsync(answer);
        }
    }

    [Theory]
    [InlineData("192.0.2.0/24", "https")] // from somebody who is no trusted proxy
    [InlineData("127.0.0.0/8", "http")]
    public async Task Nobody_else_makes_cookies_secure(string trusted, string scheme)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { TrustedProxies = [IPNetwork.Parse(trusted)] } });
        using var first = await ConsoleClient.SignedInAsync(tandem); // without a user the page has no form
        using var client = new ConsoleClient(tandem);
        var page = await client.GetAsync("/sign-in", r => r.With("X-Forwarded-Proto", scheme).With("X-Forwarded-For", "203.0.113.7"));
        Assert.Null(page.Header("Strict-Transport-Security"));
        Assert.Matches("^tandem-form=[^;]+; path=/; samesite=strict; httponly$", page.Header("Set-Cookie"));
    }

    private static void IsStrict(TestAnswer answer, string what)
    {
        Assert.Equal((what, Policy), (what, answer.Header("Content-Security-Policy")));
        Assert.Equal((what, "nosniff"), (what, answer.Header("X-Content-Type-Options")));
        Assert.Equal((what, "same-origin"), (what, answer.Header("Referrer-Policy")));
        Assert.Equal((what, "same-origin"), (what, answer.Header("Cross-Origin-Opener-Policy")));
        Assert.Equal((what, "same-origin"), (what, answer.Header("Cross-Origin-Resource-Policy")));
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
        Assert.Null(answer.Header("WWW-Authenticate"));
        Assert.Null(answer.Header("Server"));
    }
}
