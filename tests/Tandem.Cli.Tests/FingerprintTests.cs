using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tandem.Client;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem token fingerprint</c>: with and without a server, the token from anywhere but the command line.</summary>
public sealed class FingerprintTests : IDisposable
{
    private const string Sid = "AC00000000000000000000000000000001";

    private readonly Workspace _at = new();
    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task Without_a_server_it_is_computed_here()
    {
        _at.Variables["TWILIO_AUTH_TOKEN"] = _token;
        var expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"tandem-fingerprint{Sid}{_token}")).AsSpan(0, 2));

        var said = await _at.TandemAsync("token", "fingerprint", Sid.ToUpperInvariant(), "-o", "tsv");
        _at.Variables["TWILIO_ACCOUNT_SID"] = Sid;
        var again = await _at.TandemAsync("token", "fingerprint", "-o", "tsv");

        Assert.Equal((0, $"TOKEN\tACCOUNT\tSLOT\tFROM\n{expected}\t{Sid}\t-\tTWILIO_AUTH_TOKEN\n"), (said.ExitCode, said.Out));
        Assert.Contains("so which slot has it is not known", said.Error, StringComparison.Ordinal);
        Assert.Equal(said.Out, again.Out);
        Assert.DoesNotContain(_token, said.Out + said.Error + again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_says_which_slot_of_which_account_has_it()
    {
        await using var server = await RunningServer.StartAsync(_at);
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        var account = await client.CreateAccountAsync(new() { FriendlyName = "Acme" }, Cancel);
        var secondary = await client.CreateSecondaryAsync(account.Sid, Cancel);
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "tokens"), $"{account.AuthToken}\r\n{secondary.AuthToken}\n", Cancel);

        var typed = await _at.BashAsync($"{string.Join(' ', Workspace.Program)} token fingerprint {account.Sid} --token-stdin -o tsv < tokens");
        Assert.Equal(
            $"TOKEN\tACCOUNT\tSLOT\tFROM\n{account.Fingerprint}\t{account.Sid}\tprimary\tline 1 of standard input\n{secondary.Fingerprint}\t{account.Sid}\tsecondary\tline 2 of standard input\n", typed.Out);

        await File.WriteAllTextAsync(Path.Combine(_at.Root, "token"), secondary.AuthToken + "\n", Cancel);
        var anywhere = await _at.TandemAsync("token", "fingerprint", "--token-file", "token", "-o", "json");
        var only = JsonElement.Parse(anywhere.Out).EnumerateArray().Single();
        Assert.Equal((account.Sid, "secondary", secondary.Fingerprint), (only.GetProperty("account_sid").GetString(), only.GetProperty("slot").GetString(), only.GetProperty("fingerprint").GetString()));

        // Nothing of it was a use of the token.
        Assert.Null((await client.GetTokensAsync(account.Sid, Cancel)).Secondary!.LastUse);
        Assert.All((string[])[account.AuthToken, secondary.AuthToken], t => Assert.DoesNotContain(t, typed.Out + typed.Error + anywhere.Out + anywhere.Error, StringComparison.Ordinal));

        await client.DeleteSecondaryAsync(account.Sid, Cancel);
        Assert.Contains("  none  ", (await _at.TandemAsync("token", "fingerprint", account.Sid, "--token-file", "token")).Out, StringComparison.Ordinal);
        Assert.Contains("no account of this server has it", (await _at.TandemAsync("token", "fingerprint", "--token-file", "token")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_account_and_server_and_with_an_API_key_it_is_refused()
    {
        _at.Variables["TWILIO_AUTH_TOKEN"] = _token;
        var whose = await _at.TandemAsync("token", "fingerprint");
        Assert.Equal((2, ""), (whose.ExitCode, whose.Out));
        Assert.Contains("Of which account?", whose.Error, StringComparison.Ordinal);

        var key = await _at.TandemAsync("token", "fingerprint", "SK00000000000000000000000000000001");
        Assert.Equal(2, key.ExitCode);
        Assert.Contains("is the SID of an API key, and tokens are changed with the account's own SID and Auth Token alone", key.Error, StringComparison.Ordinal);

        _at.Variables["TWILIO_AUTH_TOKEN"] = "SK00000000000000000000000000000001";
        Assert.Contains("only Auth Tokens have", (await _at.TandemAsync("token", "fingerprint", Sid)).Error, StringComparison.Ordinal);
    }
}
