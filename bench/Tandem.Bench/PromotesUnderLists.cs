using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tandem.Bench;

/// <summary>
/// Promotes of one account, first quiet and then while another account asks for its list of subaccounts on 400 connections without a pause.
/// Durable and
/// erased before each answer. The goal: the 99th of a hundred takes at most three times as long.
/// </summary>
internal static class PromotesUnderLists
{
    private const int Subaccounts = 1_000;
    private const int Promotes = 300;
    private const int Connections = 400;
    private const double Goal = 3;

    public static async Task RunAsync(string name, Uri server, string credentials, string work)
    {
        var lines = File.ReadLines(credentials).Take(2).ToArray();
        using var http = new HttpClient { BaseAddress = server };
        for (var i = 0; i < Subaccounts; i++)
        {
            await AskAsync(http, "/2010-04-01/Accounts.json", lines[0]);
        }

        var (before, token) = await PromoteAsync(http, lines[1]);
        var script = Path.Combine(work, "lists.lua");
        await File.WriteAllTextAsync(script, $"wrk.headers[\"Authorization\"] = \"{lines[0]}\"\n");
        var list = new Uri(server, string.Create(CultureInfo.InvariantCulture, $"/2010-04-01/Accounts.json?PageSize={Subaccounts}"));
        var connections = string.Create(CultureInfo.InvariantCulture, $"-c{Connections}");
        var load = new ProcessStartInfo("wrk", ["-t1", connections, "-d600s", "--timeout", "60s", "-s", script, list.ToString()]) { RedirectStandardOutput = true };
        using var wrk = Process.Start(load)!;
        List<double> under;
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(2)); // until all of them wait
            (under, _) = await PromoteAsync(http, token);
        }
        finally
        {
            wrk.Kill();
            await wrk.WaitForExitAsync();
        }

        var ratio = At(under, 99) / At(before, 99);
        Console.WriteLine();
        Console.WriteLine($"| promotes, {name} | p50 ms | p99 ms | p99 to quiet | goal |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        Console.WriteLine($"| quiet | {At(before, 50):F1} | {At(before, 99):F1} | | |");
        Console.Write($"| under {Connections} connections of lists of {Subaccounts:N0} accounts ");
        Console.WriteLine($"| {At(under, 50):F1} | {At(under, 99):F1} | {ratio:F1} | {Goal:F0}{(ratio <= Goal ? "" : ": not reached")} |");
    }

    private static double At(List<double> times, int percent) => times[times.Count * percent / 100];

    private static async Task<(List<double> Times, string Credential)> PromoteAsync(HttpClient http, string credential)
    {
        var times = new List<double>();
        for (var i = 0; i < Promotes; i++)
        {
            await AskAsync(http, "/v1/AuthTokens/Secondary", credential);
            var began = Stopwatch.GetTimestamp();
            var promoted = await AskAsync(http, "/v1/AuthTokens/Promote", credential);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            var sid = Encoding.ASCII.GetString(Convert.FromBase64String(credential["Basic ".Length..])).Split(':')[0];
            credential = $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{promoted.GetProperty("auth_token").GetString()}"))}";
        }

        times.Sort();
        return (times, credential);
    }

    private static async Task<JsonElement> AskAsync(HttpClient http, string path, string credential)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(credential);
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync());
    }
}
