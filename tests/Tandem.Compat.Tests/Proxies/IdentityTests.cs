using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

/// <summary>What reaches the API behind each proxy: the identity that Tandem gave, nothing of a client's making, and never the token.</summary>
public sealed class IdentityTests
{
    private static readonly string[] IdentityHeaders = ["X-Account-Sid", "X-Parent-Account-Sid", "X-Token-Slot"];

    /// <summary>Names that a backend may take for one of ours, and the header that makes a proxy drop what it has just set.</summary>
    private static readonly string[] Forged =
    [
        "X-Account-Sid: forged", "x-account-sid: forged", "X-ACCOUNT-SID: forged", "X-Account-Sid:",
        "X-Parent-Account-Sid: forged", "X_PARENT_ACCOUNT_SID: forged", "X.Parent.Account.Sid: forged", "X-Parent_Account-Sid: forged",
        "X-Token-Slot: forged", "x_token_slot: forged", "X.Token.Slot: forged", "x_account.sid: forged",
        .. "!#$%&'*+.^_`|~".SelectMany(c => (string[])[$"X{c}Account{c}Sid: forged", $"X-Account{c}Sid: forged"]), // all that a name may hold
        "Connection: X-Account-Sid, X-Parent-Account-Sid, X-Token-Slot",
    ];

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task The_backend_sees_our_identity_alone(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var (sid, token) = await api.Twilio.CreateSubaccountAsync(api.Sid, api.Token);
        var secondary = (await api.Twilio.CreateAsync(sid, token)).Text("secondary_auth_token");

        foreach (var (credential, expected) in ((TestCredential, string[])[])
            [
                (new(api.Sid, api.Token), [api.Sid, "none", "primary"]),
                (new(sid, token), [sid, api.Sid, "primary"]),
                (new(sid, secondary), [sid, api.Sid, "secondary"]),
            ])
        {
            foreach (var forged in (string[])["", .. Forged, string.Join("\r\n", Forged), "Connection: upgrade, X-Account-Sid\r\nConnection: X-Token-Slot"])
            {
                var lines = forged.Length == 0 ? "" : forged + "\r\n";
                var answer = await api.SendRawAsync($"GET /v1/things?page=2 HTTP/1.1\r\nHost: api.test\r\n{lines}Authorization: {credential.Basic}\r\n\r\n");

                Assert.Equal((forged, 200), (forged, answer.Status));
                var received = Assert.Single(api.Backend.Take());
                Assert.Equal(("GET", "/v1/things?page=2"), (received.Method, received.Target));
                Assert.Equal((forged, string.Join(' ', expected)), (forged, string.Join(' ', IdentityHeaders.Select(name => SeenAs(received, name)))));
                Assert.DoesNotContain(received.Headers, h => h.Value.Contains("forged", StringComparison.OrdinalIgnoreCase));
                AssertNoToken(received, credential);
            }
        }
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Methods_and_bodies_pass_unchanged(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var credential = new TestCredential(api.Sid, api.Token);
        var body = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i:D5},"));
        foreach (var method in (string[])["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        {
            foreach (var chunked in (bool[])[false, true])
            {
                var request = new HttpRequestMessage(new(method), "/v1/things/7?x=%2F").As(credential);
                var hasBody = method[0] == 'P';
                request.Content = hasBody ? new ByteArrayContent(Encoding.ASCII.GetBytes(body)) : null;
                request.Headers.TransferEncodingChunked = hasBody && chunked;

                Assert.Equal((method, 200), (method, (await api.SendAsync(request)).Status));
                var received = Assert.Single(api.Backend.Take());
                Assert.Equal((method, "/v1/things/7?x=%2F"), (received.Method, received.Target));
                Assert.True(received.Body == (hasBody ? body : ""), $"{method}: the body has {received.Body.Length} characters.");
                AssertNoToken(received, credential);
            }
        }
    }

    /// <summary>Requests side by side over shared connections, each with one of four credentials: a kept answer would be somebody else's.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Identities_never_mix(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe, ("TANDEM_THROTTLE_ACCOUNT", "100000+1/s"));
        var (sid, token) = await api.Twilio.CreateSubaccountAsync(api.Sid, api.Token);
        (string Sid, string Token, string Slot)[] credentials =
        [
            (api.Sid, api.Token, "primary"), (sid, token, "primary"),
            (api.Sid, (await api.Twilio.CreateAsync(api.Sid, api.Token)).Text("secondary_auth_token"), "secondary"),
            (sid, (await api.Twilio.CreateAsync(sid, token)).Text("secondary_auth_token"), "secondary"),
        ];
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var (who, with, slot) = credentials[i % credentials.Length];
            Assert.Equal($"{who} {slot}", (await api.GetAsync(who, with)).Body);
            Assert.Equal(401, (await api.GetAsync(who, credentials[(i + 1) % credentials.Length].Token)).Status);
        });
        Assert.Equal(400, api.Backend.Count);
    }

    /// <summary>All values under a name, as a backend reads it that takes every odd character for the same.</summary>
    internal static string SeenAs(Received received, string name) =>
        string.Join(';', received.Headers.Where(h => name.Equals(Plain(h.Name), StringComparison.OrdinalIgnoreCase)).Select(h => h.Value));

    private static string Plain(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));

    private static void AssertNoToken(Received received, TestCredential credential)
    {
        Assert.DoesNotContain(received.Headers, h => Plain(h.Name).Contains("authorization", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(received.Headers, h => h.Value.Contains(credential.Token, StringComparison.Ordinal));
        Assert.DoesNotContain(received.Headers, h => h.Value.Contains(credential.Basic["Basic ".Length..], StringComparison.Ordinal));
    }
}
