using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tandem.Client;
using Xunit;

namespace Tandem.Compat;

/// <summary>What Twilio's libraries sign is taken here, and what is computed here is taken by them: random requests, both ways.</summary>
public sealed class WebhookSignatureTests
{
    private const int Requests = 400;

    [Fact]
    public Task As_the_library_for_Node() => AgreesAsync(ClientProcess.Node, [Path.Combine(AppContext.BaseDirectory, "node/signature.js")], repeatsNames: true);

    [Fact]
    public Task As_the_library_for_Python_from_Debian() => AgreesAsync("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "python/signature.py")], repeatsNames: false);

    [Fact]
    public void An_empty_token_signs_nothing()
    {
        var request = new WebhookRequest("https://example.com/", [], null);

        Assert.Throws<ArgumentException>(() => WebhookSignature.Matches("", request, "/rHhhaDBkj7EPS3rxXd18rTBkQ4="));
        Assert.Throws<ArgumentException>(() => WebhookSignature.Compute("", request.Url, []));
        Assert.False(WebhookSignature.Matches("12345", request, null));
        Assert.False(WebhookSignature.Matches("12345", request with { Body = new byte[1] }, WebhookSignature.Compute("12345", request.Url, [])));
    }

    private static async Task AgreesAsync(string program, string[] arguments, bool repeatsNames)
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Lottery(seed);
        var requests = Enumerable.Range(0, Requests).Select(_ => Case.Draw(random, repeatsNames)).ToList();

        var answers = await AskAsync(program, arguments, new JsonArray([.. requests.Select(r => (JsonNode)r.ToJson())]).ToJsonString());

        Assert.Equal(Requests, answers.Count);
        foreach (var (request, answer) in requests.Zip(answers))
        {
            var theirs = answer!["signature"]!.GetValue<string>();
            Assert.True(request.Ours == theirs, $"{request.Seen.Url}: {request.Ours}, and Twilio's library says {theirs}");
            Assert.True(answer["accepted"]!.GetValue<bool>(), $"{request.Seen.Url} is refused by Twilio's library");
            Assert.True(WebhookSignature.Matches(request.Token, request.Seen, theirs), $"{request.Seen.Url} is refused here");
            Assert.False(WebhookSignature.Matches(request.Token + "0", request.Seen, theirs));
            Assert.False(WebhookSignature.Matches(request.Token, request.Seen with { Url = request.Seen.Url + "x" }, theirs));
        }
    }

    private static async Task<JsonArray> AskAsync(string program, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NODE_PATH"] = Path.Combine(ClientProcess.NodeDirectory, "node_modules");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(process.ExitCode == 0, await errors);
        return JsonNode.Parse(await output)!.AsArray();
    }

    /// <summary>A generator that repeats with its seed: SHA-256 in counter mode.</summary>
    private sealed class Lottery(int seed)
    {
        private int _drawn;

        public int Below(int limit)
        {
            Span<byte> state = stackalloc byte[8];
            BitConverter.TryWriteBytes(state, seed);
            BitConverter.TryWriteBytes(state[4..], _drawn++);
            return (int)(BitConverter.ToUInt32(SHA256.HashData(state)) % (uint)limit);
        }

        public string Text(string letters, int most) => string.Concat(Enumerable.Range(0, Below(most + 1)).Select(_ => letters[Below(letters.Length)]));
    }

    private sealed record Case(string Token, WebhookRequest Seen, string? Body, string Ours)
    {
        public static Case Draw(Lottery random, bool repeatsNames)
        {
            var token = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(random.Below(int.MaxValue))).AsSpan(0, 16));
            var url = $"{(random.Below(2) == 0 ? "https" : "http")}://h{random.Below(9)}.example.com{(random.Below(3) == 0 ? $":{1024 + random.Below(60000)}" : "")}/{random.Text("abc-_~.!/", 12)}?q={random.Text("abz09-_.", 9)}";
            if (random.Below(3) == 0)
            {
                var body = "{\"x\": \"" + random.Text("ab ÄΩ", 20) + "\"}";
                var signed = $"{url}&bodySHA256={WebhookSignature.BodyHash(System.Text.Encoding.UTF8.GetBytes(body))}";
                return new(token, WebhookRequest.Of(signed, System.Text.Encoding.UTF8.GetBytes(body)), body, WebhookSignature.Compute(token, signed, []));
            }

            var names = Enumerable.Range(0, random.Below(8)).Select(i => random.Text("AaBb_Zz09", 6) + (repeatsNames ? "N" : $"N{i}")).ToList();
            KeyValuePair<string, string>[] form = [.. names.Select(n => KeyValuePair.Create(n, random.Text("ab +&=%\n\"ÄßΩ界09", 15)))];
            return new(token, new(url, form, null), null, WebhookSignature.Compute(token, url, form));
        }

        public JsonObject ToJson()
        {
            var fields = new JsonObject();
            foreach (var values in Seen.Form.GroupBy(f => f.Key, f => f.Value, StringComparer.Ordinal))
            {
                fields[values.Key] = values.Count() == 1 ? values.Single() : new JsonArray([.. values.Select(v => (JsonNode)v)]);
            }

            return new() { ["token"] = Token, ["url"] = Seen.Url, ["params"] = fields, ["body"] = Body, ["ours"] = Ours };
        }
    }
}
