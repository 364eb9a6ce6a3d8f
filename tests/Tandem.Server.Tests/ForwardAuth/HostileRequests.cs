using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>
/// Malformed and ambiguous requests over a raw socket. A 2xx stands only behind exactly one well-formed, valid credential: of anything that two
/// readers could read in two ways, the one behind the proxy might read the other one.
/// </summary>
public sealed class HostileRequests
{
    [Theory]
    [InlineData(Checks.Nginx)]
    [InlineData(Checks.Forward)]
    [InlineData(Checks.Envoy)]
    public async Task Never_get_a_yes(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var hostile = Fields(tandem.Account).Concat(Messages(tandem.Account)).ToList();
        Assert.True(hostile.Count >= 130, $"{hostile.Count} cases");
        Assert.Equal(hostile.Count, hostile.Distinct(StringComparer.Ordinal).Count());
        foreach (var rest in hostile)
        {
            var answer = await AskAsync(tandem, $"GET {path} HTTP/1.1\r\n{rest}");
            Assert.False(answer.Contains("HTTP/1.1 2", StringComparison.Ordinal) || answer.Contains("X-Account-Sid", StringComparison.Ordinal), $"{rest}\n{answer}");
            Assert.DoesNotContain("HTTP/1.1 5", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Authorization: Basic {0}")]
    [InlineData("authorization: basic {0}")]
    [InlineData("AUTHORIZATION:BASIC   {0}  ")]
    [InlineData("Authorization:\tBasic {0}\t")]
    [InlineData("Proxy-Authorization: Basic x\r\nAuthorization: Basic {0}")]
    [InlineData("Authorization_: Basic x\r\nAuthorization: Basic {0}")]
    public async Task These_spellings_of_one_credential_do(string field)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await AskAsync(tandem, $"GET {Checks.Forward} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{string.Format(null, field, tandem.Account.Basic[6..])}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    /// <summary>One request with these <c>Authorization</c> fields.</summary>
    private static IEnumerable<string> Fields(TestCredential account)
    {
        var (sid, token) = (account.Sid, account.Token);
        var basic = account.Basic;
        var good = basic[6..];
        var url = good.Replace('+', '-').Replace('/', '_');
        string[] values =
        [
            "", "Basic", "Basic ", "Basic =", "Basic ==", "Basic ====", "Basic A", "Basic AA", "Basic AAA", "Basic AAAA", good, "Basic" + good, "Basic:" + good,
            "Basic," + good, "Basic;" + good, "Basic=" + good, "Basic\t" + good, "Basic \t" + good, "Basic\u00a0" + good, "Basic \u00a0" + good, "Basic\u000b" + good,
            "Bearer " + good, "Digest " + good, "Negotiate " + good, "Token " + good, "Basi " + good, "Basic2 " + good, "xBasic " + good, "\"Basic\" " + good,
            "B\u00e4sic " + good, "Basic Basic " + good, "Basic " + basic, "Bearer x, " + basic, basic + ", Bearer x", basic + "," + basic, basic + ", " + basic,
            basic + " " + basic, basic + ";" + basic, basic + " x", basic + ",", basic + ", ", basic + ";q=1", basic + "\"", "\"" + basic + "\"", "'" + basic + "'",
            $"Basic \"{good}\"", $"Basic <{good}>", $"Basic {good}#", $"Basic {good}%3D", "Basic " + good + "=", "Basic =" + good, "Basic " + good[..^1], "Basic " + good[..^2],
            "Basic " + good[..^3] + (char)(good[^3] + 1) + "==", "Basic " + good[..8] + " " + good[8..], "Basic " + good[..8] + "\t" + good[8..],
            "Basic " + good[..8] + "=" + good[8..], "Basic " + good[..8] + "==" + good[8..], "Basic " + good[..8] + "_" + good[9..], "Basic " + good[..8] + "-" + good[9..],
            "Basic " + good[..8] + "*" + good[9..], "Basic " + good[..8] + "\u00e9" + good[9..], "Basic " + good[..8] + "%41" + good[9..], "Basic " + good + good,
            "Basic " + good + "AAAA", "Basic AAAA" + good, "Basic " + new string('A', 4000), "Basic " + new string('=', 400), $"Basic {sid}:{token}", $"Basic {sid} {token}",
            $"Basic username=\"{sid}\", password=\"{token}\"", $"Basic realm=\"x\", {good}", "Basic " + good.ToUpperInvariant(), "Basic " + good.ToLowerInvariant(),
            "Basic " + new string([.. good.Reverse()]), "Basic " + Convert.ToHexString(Encoding.ASCII.GetBytes($"{sid}:{token}")),
            "Basic " + Convert.ToBase64String(Encoding.Unicode.GetBytes($"{sid}:{token}")), "Basic " + Convert.ToBase64String(Encoding.UTF32.GetBytes($"{sid}:{token}")),
        ];
        string[] pairs =
        [
            "", ":", "::", sid, token, $"{sid}:", $":{token}", $"{sid}{token}", $"{sid};{token}", $"{sid}\0{token}", $"{sid}::{token}", $"{sid}:{token}:", $"{sid}: {token}",
            $"{sid} :{token}", $" {sid}:{token}", $"{sid}:{token} ", $"{sid}:{token}\n", $"{sid}:{token}\r\n", $"{sid}:{token}\0", $"\0{sid}:{token}", $"{sid}:\t{token}",
            $"\u00ef\u00bb\u00bf{sid}:{token}", $"{sid}:\u00ef\u00bb\u00bf{token}", $"{sid}:{token}{token}", $"{sid}:{token[..^1]}", $"{sid}:{token}0", $"{sid}:0{token}",
            $"{sid}:{token.ToUpperInvariant()}X", $"ac{sid[2..]}:{token}", $"Ac{sid[2..]}:{token}", $"SK{sid[2..]}:{token}", $"{sid[2..]}:{token}", $"{sid[..^1]}:{token}",
            $"{sid}0:{token}", $"{sid[..^1]}g:{token}", $"0x{sid}:{token}", $"{sid}@x:{token}", $"x\\{sid}:{token}", $"{sid}%00:{token}", $"{token}:{sid}", $"{sid}:{sid}",
            $"{sid},{sid}:{token}", $"{sid}\u007f:{token}", $"{sid}:{token}\u0080", $"{sid}:{new string('x', 700)}", $"{sid}:{new string('x', 5000)}", $"{sid}:*", $"{sid}:%",
            $"{sid}:' OR '1'='1", $"{sid}:null", $"*:{token}", $"AC*:{token}",
        ];
        return values.Concat(pairs.Select(Checks.Encode)).Distinct(StringComparer.Ordinal)
            .Where(value => value != basic)
            .Select(value => $"Host: x\r\nConnection: close\r\nAuthorization: {value}\r\n\r\n");
    }

    /// <summary>Requests whose framing or fields are doubtful though each credential in them is right.</summary>
    private static IEnumerable<string> Messages(TestCredential account)
    {
        var field = $"Authorization: {account.Basic}\r\n";
        string[] fields =
        [
            field + field, field + "Authorization: Bearer x\r\n", "Authorization: Bearer x\r\n" + field, field + "Authorization:\r\n", "Authorization:\r\n" + field,
            field + "authorization: Basic x\r\n", "AUTHORIZATION: x\r\n" + field, field + field + field,
            $"Authorization : {account.Basic}\r\n", $" Authorization: {account.Basic}\r\n", $"\tAuthorization: {account.Basic}\r\n", $"Authorization\t: {account.Basic}\r\n",
            $"Authorization\0: {account.Basic}\r\n", $"Authorization {account.Basic}\r\n", $"Authorization:\r\n {account.Basic}\r\n", $"Authorization: Basic\r\n {account.Basic[6..]}\r\n",
            $"X: y\r\n {field}", $"Authorization: {account.Basic}\0\r\n", $"Authorization: \0{account.Basic}\r\n", $"Authorization: {account.Basic}\rX: y\r\n",
            $"Authorizati\u00f6n: {account.Basic}\r\n", $"Authorization_: {account.Basic}\r\n", $"Authorization.: {account.Basic}\r\n", $"X-Authorization: {account.Basic}\r\n",
            $"Proxy-Authorization: {account.Basic}\r\n", $"Cookie: Authorization={account.Basic}\r\n", $"HTTP_AUTHORIZATION: {account.Basic}\r\n", $"X-Account-Sid: {account.Sid}\r\n",
            $"X-Forwarded-User: {account.Sid}\r\n",
        ];
        return fields.Select(f => $"Host: x\r\nConnection: close\r\n{f}\r\n")
            .Append($"Connection: close\r\n{field}\r\n") // no Host
            .Append($"Host: x\r\nHost: y\r\n{field}\r\n")
            .Append($"Host: x y\r\n{field}\r\n")
            .Append($"Host: x\r\nbroken\r\n{field}\r\n")
            .Append($"Host: x\r\n: empty\r\n{field}\r\n")
            .Append($"Host: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n{field}\r\n"); // the credential is the body
    }

    private static async Task<string> AskAsync(TestTandem tandem, string request)
    {
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync(request);
        return await raw.ReadToEndAsync();
    }
}
