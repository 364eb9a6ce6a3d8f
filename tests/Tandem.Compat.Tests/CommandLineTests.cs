using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat;

/// <summary>twilio-cli and curl, unmodified: twilio-cli accepts exactly 201, 200 and 204 and nothing else.</summary>
public sealed class CommandLineTests
{
    private const string Twilio = "\"$NODE\" \"$CLIENTS/node_modules/twilio-cli/bin/run\"";

    [Fact]
    public async Task The_twilio_cli_rotates()
    {
        await using var server = await ServerProcess.StartAsync();
        var (sid, token) = server.FirstAccount();

        var created = Single(await TwilioAsync(server, sid, token, "api:accounts:v1:auth-tokens:secondary:update"));
        var secondary = created.GetProperty("secondaryAuthToken").GetString()!;
        Assert.Equal(sid, created.GetProperty("accountSid").GetString());

        var promoted = Single(await TwilioAsync(server, sid, token, "api:accounts:v1:auth-tokens:promote:update"));
        Assert.Equal(secondary, promoted.GetProperty("authToken").GetString());

        var refused = await TwilioAsync(server, sid, token, "api:accounts:v1:auth-tokens:secondary:update");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("20003", refused.Output + refused.Errors, StringComparison.Ordinal);

        var again = Single(await TwilioAsync(server, sid, secondary, "api:accounts:v1:auth-tokens:secondary:update"));
        Assert.NotEqual(secondary, again.GetProperty("secondaryAuthToken").GetString());

        var removed = await TwilioAsync(server, sid, secondary, "api:accounts:v1:auth-tokens:secondary:remove");
        Assert.True(removed.ExitCode == 0, removed.Errors);
        Assert.Contains("deleted successfully", removed.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2")]
    public async Task Curl_rotates_through_the_proxy(string version)
    {
        await using var server = await ServerProcess.StartAsync();
        var (sid, first) = server.FirstAccount();

        var (created, secondary) = await CurlAsync(server, sid, first, $"{version} -X POST https://accounts.twilio.com/v1/AuthTokens/Secondary");
        Assert.Equal("201", created);
        var (promoted, token) = await CurlAsync(server, sid, first, $"{version} -X POST https://accounts.twilio.com/v1/AuthTokens/Promote");
        Assert.Equal("200", promoted);
        Assert.Equal(secondary, token);
        Assert.Equal("401", (await CurlAsync(server, sid, first, $"{version} https://api.twilio.com/2010-04-01/Accounts/{sid}.json")).Status);
        Assert.Equal("200", (await CurlAsync(server, sid, token!, $"{version} https://api.twilio.com/2010-04-01/Accounts/{sid}.json")).Status);
        Assert.Equal("201", (await CurlAsync(server, sid, token!, $"{version} -X POST https://accounts.twilio.com/v1/AuthTokens/Secondary")).Status);
        Assert.Equal("204", (await CurlAsync(server, sid, token!, $"{version} -X DELETE https://accounts.twilio.com/v1/AuthTokens/Secondary")).Status);
    }

    private static Task<(int ExitCode, string Output, string Errors)> TwilioAsync(ServerProcess server, string sid, string token, string command) =>
        ClientProcess.RunAsync(server, "cli", $"NODE=\"{ClientProcess.Node}\" CLIENTS=\"{ClientProcess.NodeDirectory}\"; {Twilio} {command} -o json", sid, token);

    private static JsonElement Single((int ExitCode, string Output, string Errors) run)
    {
        Assert.True(run.ExitCode == 0, run.Errors);
        return JsonElement.Parse(run.Output).EnumerateArray().Single();
    }

    private static async Task<(string Status, string? Token)> CurlAsync(ServerProcess server, string sid, string token, string arguments)
    {
        var (exitCode, output, errors) = await ClientProcess.RunAsync(
            server, "curl", $"printf 'user = \"%s:%s\"\\n' \"$TWILIO_ACCOUNT_SID\" \"$TWILIO_AUTH_TOKEN\" | curl -sS -K - -w '\\n%{{http_code}}' {arguments}", sid, token);
        Assert.True(exitCode == 0, errors);
        var (body, status) = (output[..output.LastIndexOf('\n')], output[(output.LastIndexOf('\n') + 1)..]);
        if (body.Length == 0)
        {
            return (status, null);
        }

        var answer = JsonElement.Parse(body);
        return (status, answer.TryGetProperty("secondary_auth_token", out var secondary) ? secondary.GetString()
            : answer.TryGetProperty("auth_token", out var primary) ? primary.GetString() : null);
    }
}
