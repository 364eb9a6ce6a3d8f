using System.Diagnostics;
using Tandem.Cli.Claims;

namespace Tandem.Bench;

/// <summary>Starts everyone who is measured, and says whom each is compared with.</summary>
internal static class Field
{
    private static readonly int[] Sizes = [1000, 100_000, 1_000_000];

    /// <summary>Starts them into <paramref name="into"/>, so that they are ended whatever happens; answers pairs of name and yardstick.</summary>
    public static async Task<IReadOnlyList<(string Name, string Yardstick)>> StartAsync(string work, string jit, string native, List<Contestant> into)
    {
        var pairs = new List<(string, string)>();
        var wrong = Path.Combine(work, "wrong.lua");
        await File.WriteAllTextAsync(wrong, WrongTokens);
        foreach (var (form, directory) in ((string, string)[])[("JIT", jit), ("native", native)])
        {
            var (minimal, middleware) = ($"{form}: bare endpoint, 204", $"{form}: bare middleware, 204");
            foreach (var size in form == "JIT" ? Sizes : [Sizes[0]])
            {
                var data = Path.Combine(work, $"{form}-{size}");
                var credentials = data + ".txt";
                var seeding = Stopwatch.StartNew();
                await Seed.FillAsync(data, size, credentials);
                var script = data + ".lua";
                await File.WriteAllTextAsync(script, RandomCredentials.Replace("FILE", credentials, StringComparison.Ordinal));
                if (size == Sizes[0])
                {
                    // The yardsticks get the same headers.
                    into.Add(await BareAsync(minimal, "minimal", directory, script));
                    into.Add(await BareAsync(middleware, "middleware", directory, script));
                }

                var name = $"{form}: check, {size:N0} accounts";
                into.Add(await TandemAsync(name, directory, data, script));
                Console.WriteLine($"{name}: seeded in {seeding.Elapsed.TotalSeconds:F0} s, first answer {into[^1].Start.TotalMilliseconds:F0} ms after the start, {into[^1].MemoryMegabytes():F0} MB then");
                pairs.Add((name, minimal));
                pairs.Add((name, middleware));
                if (size != Sizes[0])
                {
                    pairs.Add((name, $"{form}: check, {Sizes[0]:N0} accounts"));
                }
            }

            if (form == "native")
            {
                var data = Path.Combine(work, $"{form}-{Sizes[0]}");
                pairs.AddRange(await Proxies.StartAsync(work, data + ".txt", into[^1].Url, data + ".lua", into));
            }

            var refused = $"{form}: wrong tokens, 1,000 accounts";
            var own = Path.Combine(work, $"{form}-wrong");
            await Seed.FillAsync(own, Sizes[0], own + ".txt");
            into.Add(await TandemAsync(refused, directory, own, wrong));
            pairs.Add((refused, minimal));
        }

        return pairs;
    }

    private const string RandomCredentials = """
        local values = {}
        for line in io.lines("FILE") do values[#values + 1] = line end
        request = function()
          return wrk.format("GET", nil, { ["Authorization"] = values[math.random(#values)] })
        end
        """;

    private const string WrongTokens = """
        request = function()
          return wrk.format("GET", nil, { ["Authorization"] = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==" })
        end
        """;

    private static Task<Contestant> BareAsync(string name, string shape, string directory, string script)
    {
        var port = LoopbackPort.Free();
        return Contestant.StartAsync(name, new Uri($"http://127.0.0.1:{port}/auth/forward"), script, Path.Combine(directory, "bare", "bare"), shape, $"{port}");
    }

    private static Task<Contestant> TandemAsync(string name, string directory, string data, string script)
    {
        var port = LoopbackPort.Free();
        return Contestant.StartAsync(
            name, new Uri($"http://127.0.0.1:{port}/auth/forward"), script, Path.Combine(directory, "tandem", "tandem"), "serve", "--data", data, "--listen", $"127.0.0.1:{port}");
    }
}
