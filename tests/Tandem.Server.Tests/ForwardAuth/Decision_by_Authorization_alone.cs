using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>Generated requests that vary everything but <c>Authorization</c>: the same credential, the same decision.</summary>
public sealed class Decision_by_Authorization_alone
{
    private const int Requests = 4_000;

    private static readonly string[] s_methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "X"];

    private static readonly string[] s_segments =
        ["..", ".", "%2e%2e", "v1", "AuthTokens", "Secondary", "health", "alive", "Accounts.json", "2010-04-01", "a%2fb", "", "auth", "forward", "%C3%BC", "x=y;z"];

    private static readonly string[] s_names =
    [
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Prefix", "Forwarded", "X-Real-IP",
        "X-Original-URI", "X-Original-Method", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Account-Sid", "X_Account_Sid", "X.Account.Sid",
        "X-Parent-Account-Sid", "X-Token-Slot", "X-Tandem-Reason", "Cookie", "Origin", "Referer", "Sec-Fetch-Site", "Proxy-Authorization", "X-Authorization",
        "Authorization2", "Authorization_", "Accept", "User-Agent", "If-None-Match", "Cache-Control", "Via", "X-Client-Name", "Access-Control-Request-Method",
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [SuppressMessage("ApiDesign", "RS0030", Justification = "A failure repeats with its seed.")]
    public async Task The_decision_is_the_same(int seed, bool behindProxy)
    {
        var random = new Random(seed);
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Options = o => o with
            {
                TrustedProxies = behindProxy ? [System.Net.IPNetwork.Parse("127.0.0.0/8")] : [],
                ThrottleAccount = new(1_000_000, 1),
                ThrottleSource = new(1_000_000, 1),
            },
        });
        var refused = (await tandem.RefusedAsync()).Values.Select(c => c.Basic).Append("Bearer x").ToArray();
        await using var raw = await tandem.ConnectAsync();
        for (var i = 0; i < Requests; i++)
        {
            var isGood = random.Next(2) == 0;
            var authorization = isGood ? tandem.Account.Basic : refused[random.Next(refused.Length)];
            var (method, request) = Generate(random, authorization, tandem.Account.Basic);
            await raw.SendAsync(request);
            var answer = await raw.ReadAsync(withoutBody: method == "HEAD");
            Assert.True(answer.Status == (isGood ? 200 : 401), $"{seed}/{i}: {answer.Status}\n{request}");
            Assert.Equal(isGood ? tandem.Account.Sid : null, answer.Header("X-Account-Sid"));
            Assert.Equal(isGood ? "primary" : null, answer.Header("X-Token-Slot"));
        }
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "A failure repeats with its seed.")]
    private static (string Method, string Request) Generate(Random random, string authorization, string otherCredential)
    {
        var method = s_methods[random.Next(s_methods.Length)];
        var target = new StringBuilder(random.Next(4) switch { 0 => "/auth/nginx", 1 => "/auth/forward", _ => "/auth/envoy" });
        if (target.ToString() == "/auth/envoy")
        {
            for (var i = random.Next(6); i > 0; i--)
            {
                target.Append('/').Append(s_segments[random.Next(s_segments.Length)]);
            }
        }

        if (random.Next(2) == 0)
        {
            target.Append(CultureInfo.InvariantCulture, $"?{(random.Next(2) == 0 ? "access_token=" : "rd=/auth/forward&x=")}{random.Next()}");
        }

        var fields = Enumerable.Range(0, random.Next(12))
            .Select(_ => (Name: s_names[random.Next(s_names.Length)], Value: Value(random, otherCredential)))
            .Append(("Authorization", authorization))
            .Append(("Host", "host" + random.Next(10).ToString(CultureInfo.InvariantCulture)))
            .OrderBy(_ => random.Next())
            .ToList();
        var body = random.Next(3) == 0 && method is not ("HEAD" or "GET") ? "{\"account_sid\":\"x\",\"auth_token\":\"y\"}" : "";
        var head = string.Concat(fields.Select(f => $"{f.Item1}: {f.Item2}\r\n"));
        var length = body.Length > 0 || method is "POST" or "PUT" or "PATCH" ? $"Content-Length: {body.Length}\r\n" : "";
        return (method, $"{method} {target} HTTP/1.1\r\n{head}{length}\r\n{body}");
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "A failure repeats with its seed.")]
    private static string Value(Random random, string otherCredential) => random.Next(9) switch
    {
        0 => "127.0.0.1",
        1 => "203.0.113.7, 10.0.0.1, unknown",
        2 => "/health",
        3 => "https",
        4 => "OPTIONS",
        5 => otherCredential,
        6 => "cross-site",
        7 => TestCredential.Unknown.Sid,
        _ => "",
    };
}
