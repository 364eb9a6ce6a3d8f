using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// Wrong passwords on every connection that the flood can keep busy, from a great many networks: the line of attempts is full all the while. A
/// right password is accepted nevertheless, at once from a browser that is known.
/// </summary>
public sealed partial class SignInFloodTests
{
    private const string Password = "three quiet otters";
    private const string Home = "192.0.2.7";
    private const string Office = "198.51.100.7";

    /// <summary>More than may wait for their turn.</summary>
    private const int Connections = 150;

    /// <summary>Each has its first turn before it is known as one that only fails.</summary>
    private static readonly int s_networks = LongRun.Of(100, 1_000);

    private static readonly int s_signIns = LongRun.Of(3, 20);

    /// <summary>A sign-in takes one hash of a password, and another one that is under way; all machines are slow sometimes.</summary>
    private static readonly TimeSpan s_knownLimit = TimeSpan.FromSeconds(5);

    /// <summary>And from a new network as long as the flood's networks need to have their first turns.</summary>
    private static readonly TimeSpan s_newLimit = TimeSpan.FromSeconds(s_networks);

    private readonly ConcurrentDictionary<HttpStatusCode, int> _answers = new();

    [Theory]
    [InlineData(null)]
    [InlineData("ada")]
    public async Task A_flood_of_wrong_passwords_keeps_nobody_out(string? guessed)
    {
        await using var server = await ServerProcess.StartAsync(("TANDEM_TRUSTED_PROXIES", "127.0.0.0/8"));
        using var admin = TandemClient.OverSocket(AdminSocket.PathIn(server.Data));
        await admin.AddUserAsync(new() { Name = "ada", Role = "administrator", Password = Password }, TestContext.Current.CancellationToken);
        using var known = new Browser(server, Office);
        Assert.Equal(HttpStatusCode.SeeOther, await known.SignInAsync("ada", Password));

        using var stop = new CancellationTokenSource();
        var flood = FloodAsync(server, guessed, stop.Token);
        await Until.TrueAsync(() => _answers.ContainsKey(HttpStatusCode.ServiceUnavailable)); // the line is full
        var (fromKnown, fromOffice, fromNew) = (new List<double>(), new List<double>(), new List<double>());
        await NewAsync(server, Home, fromNew); // in the worst moment: no network of the flood has had its turn yet
        var first = fromNew[0];
        for (var i = 0; i < s_signIns; i++)
        {
            var from = Stopwatch.GetTimestamp();
            Assert.Equal(HttpStatusCode.SeeOther, await known.SignInAsync("ada", Password)); // the first attempt
            fromKnown.Add(Stopwatch.GetElapsedTime(from).TotalSeconds);
            await NewAsync(server, Office, fromOffice);
            await NewAsync(server, string.Create(CultureInfo.InvariantCulture, $"203.0.{113 + i}.7"), fromNew);
        }

        await known.ProveAsync(Password);
        await stop.CancelAsync();
        await flood;
        Say($"{(guessed is null ? "at random names" : "at ada's name")} from {s_networks} networks on {Connections} connections, answered "
            + string.Join(", ", _answers.OrderBy(a => a.Key).Select(a => $"{(int)a.Key} × {a.Value}")));
        Say(string.Create(CultureInfo.InvariantCulture, $"""
            A right password was accepted after, at most: known browser {fromKnown.Max():F2} s,
            new browser in a known network {fromOffice.Max():F2} s,
            new browser in a new network {fromNew.Skip(1).Max():F2} s, and {first:F2} s right at the start.
            """));
        Assert.InRange(fromKnown.Max(), 0, s_knownLimit.TotalSeconds);
        Assert.InRange(fromOffice.Max(), 0, s_knownLimit.TotalSeconds);
        Assert.InRange(fromNew.Max(), 0, s_newLimit.TotalSeconds);
        Assert.True(_answers.GetValueOrDefault(HttpStatusCode.ServiceUnavailable) > Connections, "the flood never filled the line");
    }

    /// <summary>A browser that has never been here, whose user tries until it is let in.</summary>
    private static async Task NewAsync(ServerProcess server, string address, List<double> seconds)
    {
        using var browser = new Browser(server, address);
        var from = Stopwatch.GetTimestamp();
        await Until.TrueAsync(async () => await browser.SignInAsync("ada", Password) == HttpStatusCode.SeeOther, s_newLimit);
        seconds.Add(Stopwatch.GetElapsedTime(from).TotalSeconds);
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);

    private async Task FloodAsync(ServerProcess server, string? guessed, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, MaxConnectionsPerServer = Connections };
        using var http = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };
        using var form = await http.GetAsync(new Uri("/sign-in", UriKind.Relative), CancellationToken.None);
        var token = Browser.TokenIn(await form.Content.ReadAsStringAsync(CancellationToken.None));
        var cookie = form.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("tandem-form=", StringComparison.Ordinal)).Split(';')[0];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var i = Interlocked.Increment(ref next);
                var network = i % s_networks;
                using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in")
                {
                    Content = new FormUrlEncodedContent(
                        [new("form-token", token), new("name", guessed ?? $"user{i}"), new("password", $"a wrong password {i}")]),
                };
                request.Headers.Add("Cookie", cookie);
                var address = string.Create(CultureInfo.InvariantCulture, $"100.{64 + (network / 256)}.{network % 256}.{i / s_networks % 256}");
                request.Headers.Add("X-Forwarded-For", address);
                using var answer = await http.SendAsync(request, CancellationToken.None);
                _answers.AddOrUpdate(answer.StatusCode, 1, static (_, count) => count + 1);
            }
        }, CancellationToken.None)));
    }

    private sealed partial class Browser : IDisposable
    {
        private readonly HttpClient _http;

        public Browser(ServerProcess server, string address)
        {
            var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = new() };
            _http = new(handler) { BaseAddress = server.Http.BaseAddress };
            _http.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        }

        public static string TokenIn(string page) => FormToken().Match(page).Groups["token"].Value;

        public Task<HttpStatusCode> SignInAsync(string name, string password) =>
            PostAsync("/sign-in", "/invitation", ("name", name), ("password", password));

        /// <summary>Proves again who is there, which a new password asks for.</summary>
        public async Task ProveAsync(string password)
        {
            var answer = await PostAsync("/me/password", "/me/password", ("present", password), ("password", password), ("again", password));
            Assert.Equal(HttpStatusCode.SeeOther, answer);
        }

        public void Dispose() => _http.Dispose();

        private async Task<HttpStatusCode> PostAsync(string path, string from, params (string Name, string Value)[] fields)
        {
            var token = TokenIn(await _http.GetStringAsync(new Uri(from, UriKind.Relative)));
            using var form = new FormUrlEncodedContent(fields.Prepend(("form-token", token)).Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
            using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), form);
            return answer.StatusCode;
        }

        [GeneratedRegex("name=\"form-token\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex FormToken();
    }
}
