using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Each call of both clients, whatever is answered to it, returns a clean answer or throws the exception of its client.</summary>
public sealed class HostileAnswerTests
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string Token = "0123456789abcdef0123456789abcdef";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Calls => [.. ClientCalls.All.Keys];

    /// <summary>What no text may be that is shown on a line of a terminal.</summary>
    private static readonly string s_unfit = "\u001b[2J\r\n\t\0\u0007\u007f\u0085\u009b\u2028\u2029\u202e\u2066\u200f\u061c";

    private static readonly string[] s_none =
    [
        "", "null", "true", "1", "\"text\"", "[]", "{}", "[null]", "<html>", "{\"", new('[', 100_000),
        string.Concat(Enumerable.Repeat("{\"sid\":", 100_000)),
    ];

    private static readonly int[] s_redirects = [301, 302, 303, 307, 308];
    private static readonly int[] s_refusals = [400, 401, 403, 404, 409, 429, 500, 503];

    private static readonly string[] s_noRefusals =
    [
        "", "null", "{}", "[]", s_unfit, """{"code": 1, "status": 1, "kind": null, "title": null, "detail": null, "message": null}""",
    ];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_good_answer_is_read(string call)
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        server.Answer = HostileServer.Json(ClientCalls.All[call].Good);
        Assert.NotNull(await ClientCalls.All[call].Ask(clients));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task An_answer_that_is_none_is_refused(string call)
    {
        await using var elsewhere = await HostileServer.StartAsync();
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        byte[] good = Encoding.UTF8.GetBytes(ClientCalls.All[call].Good);
        foreach (var answer in (Func<HttpContext, Task>[])
        [
            .. s_none.Select(text => HostileServer.Json(text)),
            HostileServer.Bytes([0xFF, 0xFE, .. good]),
            HostileServer.Bytes([.. "{\"sid\":\""u8, 0xC3, 0x28, .. "\"}"u8]),
            HostileServer.Json("""{"sid": "\ud800", "account_sid": "\ud800", "version": "\ud800", "users": [{"name": "\ud800"}]}"""),
            HostileServer.Bytes(Compressed(good), 200, ("Content-Encoding", "gzip")),
            .. s_redirects.Select(status => HostileServer.Bytes(good, status, ("Location", $"{elsewhere.Url}x"))),
            .. s_refusals.SelectMany(status => s_noRefusals.Select(text => HostileServer.Json(text, status))),
        ])
        {
            server.Answer = answer;
            AssertClean((await AssertRefusedAsync(() => ClientCalls.All[call].Ask(clients))).Message);
        }

        Assert.Empty(elsewhere.Asked);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Each_member_may_hold_anything(string call)
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url, keep: true);
        string[] wrong =
        [
            "null", "[]", "{}", "[null]", "true", "-1", "1e400", "99999999999999999999", "9223372036854775807", "\"\"", "\"x\"",
            JsonSerializer.Serialize($"x{s_unfit}y"), JsonSerializer.Serialize($"{Token}{s_unfit}"),
            JsonSerializer.Serialize($"{Sid}\nX=1"), "\"../../../etc/cron.d/x\"", "\"--kubeconfig=x\"",
            "\"9999-12-31T23:59:59Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"$(id)`id`\"",
        ];
        foreach (var path in Paths(JsonNode.Parse(ClientCalls.All[call].Good)!, []).ToList())
        {
            foreach (var value in wrong)
            {
                var root = JsonNode.Parse(ClientCalls.All[call].Good)!;
                Replace(root, path, value);
                server.Answer = HostileServer.Json(root.ToJsonString());
                try
                {
                    AssertFit(await ClientCalls.All[call].Ask(clients));
                }
                catch (Exception e) when (e is TwilioException or TandemException)
                {
                    AssertClean(e.Message);
                    Assert.DoesNotContain(Token, e.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task An_answer_without_end_is_given_up(string call)
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        foreach (var status in new[] { 200, 400 })
        {
            server.Answer = async context =>
            {
                context.Response.StatusCode = status;
                for (var chunk = Encoding.UTF8.GetBytes(new string('x', 64 * 1024)); ;)
                {
                    await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
                }
            };
            var refused = await AssertRefusedAsync(() => ClientCalls.All[call].Ask(clients));
            Assert.Contains("larger than the 8 MiB", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_answer_that_drips_is_given_up()
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url, TimeSpan.FromMilliseconds(300));
        server.Answer = async context =>
        {
            for (var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20)); await pause.WaitForNextTickAsync(context.RequestAborted);)
            {
                await context.Response.Body.WriteAsync("["u8.ToArray(), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        };
        await AssertRefusedAsync(() => ClientCalls.All["account"].Ask(clients));
        await AssertRefusedAsync(() => ClientCalls.All["own account"].Ask(clients));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/x")]
    [InlineData("https://{host}/x")]
    [InlineData("//example.com/x")]
    [InlineData("\\\\example.com\\x")]
    [InlineData("http://user:secret@{host}/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://[")]
    public async Task A_page_on_another_server_is_not_asked_for(string next)
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        Answer(server, "accounts", "next_page_uri", _ => next.Replace("{host}", server.Url.Authority, StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<TwilioException>(() => ClientCalls.All["accounts"].Ask(clients));

        Assert.Contains("not on that server", refused.Message, StringComparison.Ordinal);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task A_page_of_Functions_is_asked_for_at_the_same_server_whatever_host_it_names()
    {
        await using var elsewhere = await HostileServer.StartAsync();
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        var asked = 0;
        Answer(server, "variables", "meta", _ => new JsonObject { ["next_page_url"] = asked++ == 0 ? $"{elsewhere.Url}v1/next" : null });
        Assert.NotNull(await ClientCalls.All["variables"].Ask(clients));
        Assert.Equal(2, server.Asked.Count);
        Assert.Empty(elsewhere.Asked);
    }

    [Fact]
    public async Task A_list_whose_pages_repeat_is_given_up()
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        Answer(server, "accounts", "next_page_uri", _ => "/2010-04-01/Accounts.json?PageSize=200");
        var repeating = await AssertRefusedAsync(() => ClientCalls.All["accounts"].Ask(clients));
        Assert.Contains("its pages repeat", repeating.Message, StringComparison.Ordinal);
        Assert.Single(server.Asked);

        Answer(server, "variables", "meta", _ => new JsonObject { ["next_page_url"] = "/v1/again" });
        await AssertRefusedAsync(() => ClientCalls.All["variables"].Ask(clients));
        Answer(server, "own accounts", "next_after", _ => Sid);
        await AssertRefusedAsync(() => ClientCalls.All["own accounts"].Ask(clients));
        Assert.InRange(server.Asked.Count, 1, 10);
    }

    [Fact]
    public async Task A_list_with_ever_more_pages_is_given_up()
    {
        await using var server = await HostileServer.StartAsync();
        using var clients = new ClientCalls.Clients(server.Url);
        var padding = new string(' ', 4 * 1024 * 1024);
        Answer(server, "accounts", "next_page_uri", i => $"/page/{i}", padding);
        var growing = await AssertRefusedAsync(() => ClientCalls.All["accounts"].Ask(clients));
        Assert.Contains("larger than 64 MiB", growing.Message, StringComparison.Ordinal);
        Assert.InRange(server.Asked.Count, 10, 20);
    }

    private static void Answer(HostileServer server, string call, string member, Func<int, JsonNode?> value, string padding = "") =>
        server.Answer = context =>
    {
        var page = JsonNode.Parse(ClientCalls.All[call].Good)!;
        page[member] = value(server.Asked.Count);
        return HostileServer.Json(page.ToJsonString() + padding)(context);
    };

    private static async Task<Exception> AssertRefusedAsync(Func<Task<object?>> ask)
    {
        try
        {
            Assert.Fail($"It was read: {await ask()}");
            throw new InvalidOperationException();
        }
        catch (Exception e) when (e is TwilioException or TandemException)
        {
            return e;
        }
    }

    /// <summary>What was read can be shown, and what is named like a SID, a token or a fingerprint is one.</summary>
    private static void AssertFit(object? read)
    {
        var json = JsonSerializer.SerializeToNode(read, read!.GetType())!;
        foreach (var path in Paths(json, []))
        {
            var (name, value) = (path.OfType<string>().LastOrDefault() ?? "", At(json, path));
            if (value is not JsonValue leaf || leaf.GetValueKind() != JsonValueKind.String)
            {
                continue;
            }

            var text = leaf.GetValue<string>();
            AssertClean(text);
            switch (name)
            {
                case "account_sid" or "owner_account_sid" or "AccountSid" or "ParentSid" or "NextAfter":
                    Assert.True(AccountSid.TryParse(text.AsSpan(), out _), $"{name} {text}");
                    break;
                case "auth_token" or "secondary_auth_token" or "AuthToken":
                    Assert.Matches("^[0-9A-Za-z]{1,128}\\z", text);
                    break;
                case "Fingerprint" or "OldFingerprint" or "NewFingerprint":
                    Assert.Matches("^[0-9A-Fa-f]{4}\\z", text);
                    break;
                case "sid" or "Sid":
                    Assert.Matches("^[A-Z]{2}[0-9A-Fa-f]{32}\\z", text);
                    break;
                default:
                    break;
            }
        }
    }

    private static void AssertClean(string text) => Assert.Equal(WireText.Line(text), text);

    private static IEnumerable<object[]> Paths(JsonNode at, object[] path) => at switch
    {
        JsonObject o => o.SelectMany(p => Deeper(p.Value, [.. path, p.Key])),
        JsonArray a => a.SelectMany((item, i) => Deeper(item, [.. path, i])),
        _ => [],
    };

    private static IEnumerable<object[]> Deeper(JsonNode? at, object[] path) => at is null ? [path] : Paths(at, path).Prepend(path);

    private static JsonNode? At(JsonNode root, object[] path) =>
        path.Aggregate((JsonNode?)root, (at, step) => step is string name ? at![name] : at![(int)step]);

    private static void Replace(JsonNode root, object[] path, string value)
    {
        var parent = At(root, path[..^1])!;
        var node = JsonNode.Parse(value);
        if (path[^1] is string name)
        {
            parent[name] = node;
        }
        else
        {
            parent[(int)path[^1]] = node;
        }
    }

    private static byte[] Compressed(byte[] content)
    {
        using var into = new MemoryStream();
        using (var gzip = new GZipStream(into, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return into.ToArray();
    }
}
