using System.Diagnostics;
using System.Net;
using System.Text;
using Tandem.Client;
using Tandem.Server.Listeners;

namespace Tandem.Bench;

/// <summary>
/// Pages of the console, one after the other as a person asks for them, on a server with many accounts. Signed in as people do; the goal is 50 ms
/// an answer.
/// </summary>
internal static class ConsolePages
{
    private const int Times = 40;
    private const double Goal = 50;
    private const string Password = "a password of the measurement";

    /// <summary>Measures a running server whose data directory is <paramref name="data"/>.</summary>
    public static async Task RunAsync(string name, Uri server, string data, string credentials)
    {
        using (var operators = TandemClient.OverSocket(AdminSocket.PathIn(data)))
        {
            await operators.AddUserAsync(new() { Name = "bench", Role = "administrator", Password = Password });
        }

        using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = new(server, "/") };
        await SignInAsync(http);
        var sid = Encoding.ASCII.GetString(Convert.FromBase64String(File.ReadLines(credentials).First()["Basic ".Length..])).Split(':')[0];
        Console.WriteLine();
        Console.WriteLine($"| console, {name} | p50 ms | worst ms | goal |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var (what, path) in new[]
        {
            ("accounts", "/accounts"), ("search, nothing found", "/accounts?q=nobody-is-called-so"), ("search, all found", "/accounts?q=a"),
            ("needs rotation, none", "/accounts?show=rotate&days=365"), ("secondary pending", "/accounts?show=pending"), ("suspended", "/accounts?show=suspended"),
            ("one account", $"/accounts/{sid}"), ("the account itself", $"/accounts/{sid}/account"), ("audit", "/audit"),
        })
        {
            var times = new List<double>();
            for (var i = 0; i < Times; i++)
            {
                var began = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsStringAsync();
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            var warm = times.Skip(Times / 4).Order().ToList();
            Console.WriteLine($"| {what} | {warm[warm.Count / 2]:F1} | {warm[^1]:F1} | {Goal:F0}{(warm[warm.Count / 2] <= Goal ? "" : ": not reached")} |");
        }
    }

    private static async Task SignInAsync(HttpClient http)
    {
        const string Marker = "name=\"form-token\" value=\"";
        var page = await http.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        var start = page.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["form-token"] = page[start..page.IndexOf('"', start)],
            ["name"] = "bench",
            ["password"] = Password,
        });
        using var answer = await http.PostAsync(new Uri("/sign-in", UriKind.Relative), form);
        if (answer.StatusCode != HttpStatusCode.SeeOther)
        {
            throw new InvalidOperationException($"Signing in was answered {answer.StatusCode}.");
        }
    }
}
