using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Tandem.Bench;

/// <summary>
/// Whole rotations (create, promote) over HTTP by 32 clients, each on an account of its own: durable, and erased from the files, before each
/// answer. Compared with what the disk does in the same minute: 4 KiB appended and synced.
/// </summary>
internal static class Rotations
{
    private const int Clients = 32;

    public static async Task RunAsync(Uri server, string credentials, string directory, TimeSpan length)
    {
        var appends = Appends(directory, TimeSpan.FromSeconds(2));
        var lines = File.ReadLines(credentials).Take(Clients).ToList();
        var times = new List<double>();
        var stop = Stopwatch.StartNew();
        await Task.WhenAll(lines.Select(async line =>
        {
            using var http = new HttpClient { BaseAddress = server };
            var own = new List<double>();
            while (stop.Elapsed < length)
            {
                var began = Stopwatch.GetTimestamp();
                await PostAsync(http, "/v1/AuthTokens/Secondary", line, "secondary_auth_token");
                var promoted = await PostAsync(http, "/v1/AuthTokens/Promote", line, "auth_token");
                own.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                line = Basic(line, promoted);
            }

            lock (times)
            {
                times.AddRange(own);
            }
        }));
        times.Sort();
        var rate = times.Count / stop.Elapsed.TotalSeconds;
        Console.WriteLine();
        Console.WriteLine("| rotations by 32 clients | a second | p50 ms | p99 ms | appends with fsync a second | ratio |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        Console.WriteLine($"| native, SQLite, durable and erased | {rate:N0} | {times[times.Count / 2]:F1} | {times[times.Count * 99 / 100]:F1} | {appends:N0} | {rate / appends:F2} |");
    }

    private static double Appends(string directory, TimeSpan length)
    {
        var path = Path.Combine(directory, "appends");
        var page = new byte[4096];
        var (count, watch) = (0, Stopwatch.StartNew());
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (; watch.Elapsed < length; count++)
            {
                file.Write(page);
                file.Flush(flushToDisk: true);
            }
        }

        File.Delete(path);
        return count / watch.Elapsed.TotalSeconds;
    }

    private static async Task<string> PostAsync(HttpClient http, string path, string authorization, string field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()).GetProperty(field).GetString()!;
    }

    private static string Basic(string before, string token)
    {
        var sid = System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(before["Basic ".Length..])).Split(':')[0];
        return $"Basic {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{sid}:{token}"))}";
    }
}
