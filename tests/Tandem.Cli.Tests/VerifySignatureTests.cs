using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem verify-signature</c>. The signatures are made by Twilio's library for Python; the two with the token 12345 are from Twilio's own tests.</summary>
public sealed class VerifySignatureTests : IDisposable
{
    private const string Url = "https://example.com/sms?foo=1";
    private const string Sid = "AC00000000000000000000000000000001";

    private readonly Workspace _at = new();
    private readonly string _token = Random();
    private readonly string _other = Random();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public VerifySignatureTests() => _at.Variables["TWILIO_AUTH_TOKEN"] = _token;

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task Twilios_own_examples_match()
    {
        _at.Variables["TWILIO_AUTH_TOKEN"] = "12345";
        var form = await _at.TandemAsync(
            "verify-signature", "https://mycompany.com/myapp.php?foo=1&bar=2", "--signature", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
            "--param", "To=+18005551212", "--param", "CallSid=CA1234567890ABCDE", "--param", "Caller=+12349013030", "--param", "Digits=1234", "--param", "From=+12349013030");
        Assert.Equal((0, "signed by TWILIO_AUTH_TOKEN\n"), (form.ExitCode, form.Error));

        await File.WriteAllTextAsync(Path.Combine(_at.Root, "body"), """{"property": "value", "boolean": true}""", Cancel);
        var body = await _at.TandemAsync(
            "verify-signature", "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
            "--signature", "a9nBmqA0ju/hNViExpshrM61xv4=", "--body", "body");
        Assert.Equal((0, "signed by TWILIO_AUTH_TOKEN\n"), (body.ExitCode, body.Error));
    }

    [Fact]
    public async Task Of_two_tokens_the_one_that_signed_is_named()
    {
        _at.Variables["TWILIO_AUTH_TOKEN_ALT"] = _other;
        var signature = await SignAsync(_other, Url, ("AccountSid", Sid), ("Body", "grüß dich"));

        var said = await _at.TandemAsync("verify-signature", Url, "--signature", signature, "--param", $"AccountSid={Sid}", "--param", "Body=grüß dich", "-o", "json");

        Assert.Equal(0, said.ExitCode);
        var found = JsonElement.Parse(said.Out);
        Assert.Equal((true, "TWILIO_AUTH_TOKEN_ALT", Fingerprint(_other)), (found.GetProperty("valid").GetBoolean(), found.GetProperty("signed_by").GetString(), found.GetProperty("fingerprint").GetString()));
        Assert.Equal($"signed by TWILIO_AUTH_TOKEN_ALT ({Fingerprint(_other)}), and by no other\n", said.Error);
        AssertSilent(said);
    }

    [Fact]
    public async Task Tokens_come_from_files_and_from_standard_input_as_well()
    {
        _at.Variables.Remove("TWILIO_AUTH_TOKEN");
        var signature = await SignAsync(_other, Url);
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "first"), _token + "\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "second"), _other + "\r\n", Cancel);

        var files = await _at.TandemAsync("verify-signature", Url, "--signature", signature, "--token-file", "first", "--token-file", "second");
        var typed = await _at.BashAsync($"cat first second | {string.Join(' ', Workspace.Program)} verify-signature '{Url}' --signature '{signature}' --token-stdin");
        _at.Variables["TWILIO_AUTH_TOKEN_FILE"] = "second";
        var named = await _at.TandemAsync("verify-signature", Url, "--signature", signature);

        Assert.Equal((0, "signed by --token-file second, and by no other\n"), (files.ExitCode, files.Error));
        Assert.Equal((0, "signed by line 2 of standard input, and by no other\n"), (typed.ExitCode, typed.Error));
        Assert.Equal((0, "signed by TWILIO_AUTH_TOKEN_FILE\n"), (named.ExitCode, named.Error));
        AssertSilent(files, typed, named);
    }

    [Theory]
    [InlineData("https://example.com/sms?foo=1", "http://example.com/sms?foo=1", "https://example.com/sms?foo=1", "something in front of the application ends TLS")]
    [InlineData("http://example.com/sms", "https://example.com/sms", "http://example.com/sms", "without TLS")]
    [InlineData("https://example.com:8443/sms", "https://example.com/sms", "https://example.com:8443/sms", "had the URL named the port 8443")]
    [InlineData("https://example.com/sms/", "https://example.com/sms", "https://example.com/sms/", "had the path ended with a slash")]
    [InlineData("https://example.com/sms", "https://example.com/sms/", "https://example.com/sms", "had the path ended without a slash")]
    [InlineData("https://example.com/sms", "http://example.com:3000/sms/", "https://example.com:3000/sms", "ended without a slash")]
    [InlineData("https://example.com/sms", "https://example.com/sms?foo=1", "https://example.com/sms", "had the URL had no query")]
    public async Task What_differs_in_the_URL_is_found(string called, string seen, string named, string why)
    {
        var signature = await SignAsync(_token, called, ("From", "+15550100"));

        var said = await _at.TandemAsync("verify-signature", seen, "--signature", signature, "--param", "From=+15550100");

        Assert.Equal(1, said.ExitCode);
        Assert.StartsWith($"Not signed by TWILIO_AUTH_TOKEN. It would match TWILIO_AUTH_TOKEN at {named}, had ", said.Error, StringComparison.Ordinal);
        Assert.Contains(why, said.Error, StringComparison.Ordinal);
        AssertSilent(said);
    }

    [Fact]
    public async Task A_port_that_goes_without_saying_is_no_difference()
    {
        var signature = await SignAsync(_token, "https://example.com/sms");
        Assert.Equal(0, (await _at.TandemAsync("verify-signature", "https://example.com:443/sms", "--signature", signature)).ExitCode);
        signature = await SignAsync(_token, "https://example.com:443/sms");
        Assert.Equal(0, (await _at.TandemAsync("verify-signature", "https://example.com/sms", "--signature", signature)).ExitCode);
    }

    [Fact]
    public async Task A_form_in_the_body_is_decoded_and_its_order_does_not_matter()
    {
        var signature = await SignAsync(_token, Url, ("Body", "a+b c&d"), ("From", "+15550100"));
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "body"), "From=%2B15550100&Body=a%2Bb+c%26d", Cancel);

        Assert.Equal(0, (await _at.TandemAsync("verify-signature", Url, "--signature", signature, "--body", "body")).ExitCode);

        // What a form that was decoded twice looks like.
        var twice = await _at.TandemAsync("verify-signature", Url, "--signature", await SignAsync(_token, Url, ("From", "+15550100")), "--param", "From= 15550100");
        Assert.Equal(1, twice.ExitCode);
        Assert.Contains("each + in the fields not been read as a blank", twice.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_that_were_not_sorted_or_not_to_be_signed_are_found()
    {
        // A signer that does not sort: the fields stand in the URL's place, so the library joins nothing.
        var unsorted = await SignAsync(_token, Url + "ToxFromy");
        var said = await _at.TandemAsync("verify-signature", Url, "--signature", unsorted, "--param", "To=x", "--param", "From=y");
        Assert.Contains("whoever signed does not sort them", said.Error, StringComparison.Ordinal);

        var merged = await SignAsync(_token, Url, ("From", "y"));
        said = await _at.TandemAsync("verify-signature", Url, "--signature", merged, "--param", "From=y", "--param", "foo=1");
        Assert.Contains("the fields of the query (foo) not been taken for fields of the form", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_the_one_that_was_sent_is_told_from_a_wrong_token()
    {
        const string sent = """{"a": 1}""";
        var url = $"{Url}&bodySHA256={Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sent)))}";
        var signature = await SignAsync(_token, url);
        foreach (var (body, why) in new[] { ("""{"a": 1}""" + "\n", "no line end behind it"), ("""{"a":1}""", "its hash is another") })
        {
            await File.WriteAllTextAsync(Path.Combine(_at.Root, "body"), body, Cancel);
            var said = await _at.TandemAsync("verify-signature", url, "--signature", signature, "--body", "body");
            Assert.Equal(1, said.ExitCode);
            Assert.Contains(why, said.Error, StringComparison.Ordinal);
        }

        var byPipe = await _at.BashAsync($"printf %s '{sent}' | {string.Join(' ', Workspace.Program)} verify-signature '{url}' --signature '{signature}' --body -");
        Assert.Equal(0, byPipe.ExitCode);
    }

    [Fact]
    public async Task What_nothing_usual_explains_is_said_to_be_so()
    {
        var said = await _at.TandemAsync("verify-signature", Url, "--signature", await SignAsync(_other, Url), "-o", "tsv");

        Assert.Equal((1, "VALID\tSIGNED_BY\tFINGERPRINT\tSIGNED_URL\tCAUSES\nno\t-\t-\t-\t-\n"), (said.ExitCode, said.Out));
        Assert.Contains("no usual cause explains it", said.Error, StringComparison.Ordinal);
        Assert.Contains("until another is promoted", said.Error, StringComparison.Ordinal);
        AssertSilent(said);
    }

    [Fact]
    public async Task No_token_an_API_key_and_two_ways_at_once_are_refused()
    {
        _at.Variables["TWILIO_AUTH_TOKEN"] = "SK00000000000000000000000000000001";
        var key = await _at.TandemAsync("verify-signature", Url, "--signature", "x");
        Assert.Equal(2, key.ExitCode);
        Assert.Contains("Webhooks are signed with the Auth Token alone", key.Error, StringComparison.Ordinal);

        _at.Variables["TWILIO_AUTH_TOKEN"] = _token + " ";
        Assert.Contains("white space", (await _at.TandemAsync("verify-signature", Url, "--signature", "x")).Error, StringComparison.Ordinal);

        _at.Variables.Remove("TWILIO_AUTH_TOKEN");
        var none = await _at.TandemAsync("verify-signature", Url, "--signature", "x");
        Assert.Equal((2, ""), (none.ExitCode, none.Out));
        Assert.Contains("With which token?", none.Error, StringComparison.Ordinal);

        Assert.Equal(2, (await _at.TandemAsync("verify-signature", Url, "--signature", "x", "--param", "a=b", "--body", "-")).ExitCode);
        Assert.Equal(2, (await _at.TandemAsync("verify-signature", Url, "--signature", "x", "--body", "-", "--token-stdin")).ExitCode);
        Assert.Equal(2, (await _at.TandemAsync("verify-signature", Url)).ExitCode);
    }

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static string Fingerprint(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"tandem-fingerprint{Sid}{token}")).AsSpan(0, 2));

    /// <summary>What Twilio's own library makes of it.</summary>
    private async Task<string> SignAsync(string token, string url, params (string Name, string Value)[] fields)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_at.Root, "sign.py"),
            "import json, sys\nfrom twilio.request_validator import RequestValidator\nt, u, p = json.load(open('sign.json'))\nprint(RequestValidator(t).compute_signature(u, p), end='')\n", Cancel);
        var parameters = string.Join(',', fields.Select(f => $"\"{JsonEncodedText.Encode(f.Name)}\":\"{JsonEncodedText.Encode(f.Value)}\""));
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "sign.json"), $"[\"{token}\",\"{url}\",{{{parameters}}}]", Cancel);
        var signed = await _at.BashAsync("/usr/bin/python3 sign.py");
        Assert.True(signed.ExitCode == 0, signed.Error);
        return signed.Out;
    }

    private void AssertSilent(params Said[] said) => Assert.All(said, s => Assert.All((string[])[_token, _other], t => Assert.DoesNotContain(t, s.Out + s.Error, StringComparison.Ordinal)));
}
