using System.Text.Json;
using System.Text.RegularExpressions;
using Tandem.Client;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>The verbs that administer a running server.</summary>
public sealed partial class VerbTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(_at, "--twilio-proxy", "127.0.0.1:0");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task Into_a_pipe_goes_the_token_and_nothing_else()
    {
        var account = await _at.TandemAsync("account", "create", "--name", "Acme");
        Assert.Matches("^[0-9a-f]{32}\n$", account.Out);
        var sid = Sid().Match(account.Error).Value;

        var secondary = await _at.TandemAsync("token", "create", sid);
        Assert.Matches("^[0-9a-f]{32}\n$", secondary.Out);
        Assert.Contains($"tandem token promote {sid}", secondary.Error, StringComparison.Ordinal);

        var shown = await _at.TandemAsync("token", "show", sid);
        Assert.DoesNotContain(account.Out.Trim(), shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(secondary.Out.Trim(), shown.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_or_into_a_plain_file_no_token_is_made_unless_asked_for()
    {
        var before = await CountAsync();
        var terminal = await _at.OnTerminalAsync("", "account", "create");
        var redirected = await _at.BashAsync($"{string.Join(' ', Workspace.Program)} account create > out");
        var nowhere = await _at.BashAsync($"{string.Join(' ', Workspace.Program)} account create > /dev/null");

        Assert.Equal((2, 2, 2), (terminal.ExitCode, redirected.ExitCode, nowhere.ExitCode));
        Assert.Contains("nothing was created", terminal.Out, StringComparison.Ordinal);
        Assert.Contains("--token-file", redirected.Error, StringComparison.Ordinal);
        Assert.Equal(before, await CountAsync());

        var asked = await _at.OnTerminalAsync("", "account", "create", "--show");
        Assert.Equal(0, asked.ExitCode);
        Assert.Equal(before + 1, await CountAsync());
    }

    [Fact]
    public async Task A_token_file_is_private_and_never_overwritten()
    {
        var sid = await NewAccountAsync();
        var said = await _at.TandemAsync("token", "create", sid, "--token-file", "token");
        var file = Path.Combine(_at.Root, "token");

        Assert.Equal((0, ""), (said.ExitCode, said.Out));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Matches("^[0-9a-f]{32}\n$", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));

        var again = await _at.TandemAsync("account", "create", "--token-file", "token");
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("is not overwritten. Nothing was created.", again.Error, StringComparison.Ordinal);

        // Refused by the server: the file made ready for the token goes away again.
        var refused = await _at.TandemAsync("token", "create", sid, "--token-file", "other");
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("A secondary token exists already.", refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_at.Root, "other")));
    }

    [Fact]
    public async Task Json_holds_the_token_once_and_not_when_a_file_has_it()
    {
        using var inPipe = JsonDocument.Parse((await _at.TandemAsync("account", "create", "--json")).Out);
        using var inFile = JsonDocument.Parse((await _at.TandemAsync("account", "create", "--json", "--token-file", "t")).Out);

        Assert.Matches("^[0-9a-f]{32}$", inPipe.RootElement.GetProperty("auth_token").GetString());
        Assert.False(inFile.RootElement.TryGetProperty("auth_token", out _));
        Assert.Equal(4, inFile.RootElement.GetProperty("fingerprint").GetString()!.Length);
    }

    [Fact]
    public async Task Promote_names_what_dies_and_asks()
    {
        var sid = await NewAccountAsync();
        Assert.Equal(5, (await _at.TandemAsync("token", "promote", sid, "--yes")).ExitCode);
        await _at.TandemAsync("token", "create", sid);
        var (primary, secondary) = await FingerprintsAsync(sid);

        var script = await _at.TandemAsync("token", "promote", sid);
        Assert.Equal(2, script.ExitCode);
        Assert.Contains("To do it: --yes", script.Error, StringComparison.Ordinal);

        var declined = await _at.OnTerminalAsync("n\n", "token", "promote", sid);
        Assert.Equal(3, declined.ExitCode);
        Assert.Contains($"The primary token {primary} of {sid} stops working now", declined.Out, StringComparison.Ordinal);
        Assert.Equal((primary, secondary), await FingerprintsAsync(sid));

        var accepted = await _at.OnTerminalAsync("y\n", "token", "promote", sid);
        Assert.Equal(0, accepted.ExitCode);
        Assert.Equal((secondary, null), await FingerprintsAsync(sid));
    }

    [Fact]
    public async Task Ctrl_C_at_the_question_changes_nothing()
    {
        var sid = await NewAccountAsync();
        await _at.TandemAsync("token", "create", sid);
        var before = await FingerprintsAsync(sid);

        Assert.Equal(130, await _at.InterruptAtQuestionAsync("token", "promote", sid));

        Assert.Equal(before, await FingerprintsAsync(sid));
    }

    [Fact]
    public async Task A_promote_of_tokens_that_have_changed_since_is_refused()
    {
        var sid = await NewAccountAsync();
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        var created = await client.CreateSecondaryAsync(sid, TestContext.Current.CancellationToken);
        await client.DeleteSecondaryAsync(sid, TestContext.Current.CancellationToken);
        await client.CreateSecondaryAsync(sid, TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<TandemException>(
            () => client.PromoteAsync(sid, new() { Generation = created.Generation }, TestContext.Current.CancellationToken));

        Assert.Equal(("generation_changed", 409), (refused.Kind, refused.Status));
        var seen = await client.GetTokensAsync(sid, TestContext.Current.CancellationToken);
        Assert.NotNull(seen.Secondary);
        var promoted = await client.PromoteAsync(sid, new() { Generation = seen.Generation }, TestContext.Current.CancellationToken);
        Assert.Equal(seen.Secondary.Fingerprint, promoted.Fingerprint);
        Assert.DoesNotContain(created.AuthToken, created.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_would_disturb_a_terminal_is_refused()
    {
        var before = await CountAsync();
        var said = await _at.TandemAsync("account", "create", "--name", "Acme\u001b[2J");

        Assert.Equal(2, said.ExitCode);
        Assert.Contains("no control characters", said.Error, StringComparison.Ordinal);
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task Accounts_come_in_pages_newest_first()
    {
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        for (var i = 0; i < 4; i++)
        {
            await client.CreateAccountAsync(new() { FriendlyName = $"n{i}" }, TestContext.Current.CancellationToken);
        }

        var names = new List<string>();
        for (string? after = null; ;)
        {
            var page = await client.ListAccountsAsync(after, 2, TestContext.Current.CancellationToken);
            Assert.True(page.Accounts.Count <= 2);
            names.AddRange(page.Accounts.Select(a => a.FriendlyName));
            if ((after = page.NextAfter) is null)
            {
                break;
            }
        }

        Assert.Equal(["n3", "n2", "n1", "n0"], names[..4]);
        Assert.Equal(5, names.Count);
    }

    [Fact]
    public async Task The_network_has_no_administration()
    {
        using var http = new HttpClient();
        foreach (var path in new[] { "/tandem/v1/server", "/tandem/v1/accounts" })
        {
            using var answer = await http.GetAsync(new Uri(_server.Url + path), TestContext.Current.CancellationToken);
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Delete_leaves_the_primary_and_the_first_accounts_file_alone()
    {
        var sid = (await File.ReadAllLinesAsync(_at.FirstAccount, TestContext.Current.CancellationToken))[0]["TWILIO_ACCOUNT_SID=".Length..];
        await _at.TandemAsync("token", "create", sid);
        var (primary, _) = await FingerprintsAsync(sid);

        var said = await _at.TandemAsync("token", "delete", sid, "--yes");

        Assert.Equal(0, said.ExitCode);
        Assert.Equal((primary, null), await FingerprintsAsync(sid));
        Assert.True(File.Exists(_at.FirstAccount), "its token is in force still");
        Assert.Equal(5, (await _at.TandemAsync("token", "delete", sid, "--yes")).ExitCode);
    }

    [Fact]
    public async Task An_account_is_suspended_activated_and_closed_for_good()
    {
        var sid = await NewAccountAsync();
        Assert.Matches("status +suspended", (await _at.TandemAsync("account", "suspend", sid)).Out);
        Assert.Matches("status +active", (await _at.TandemAsync("account", "activate", sid)).Out);
        Assert.Equal(2, (await _at.TandemAsync("account", "close", sid)).ExitCode);
        Assert.Matches("status +closed", (await _at.TandemAsync("account", "close", sid, "--yes")).Out);
        Assert.Equal(5, (await _at.TandemAsync("account", "activate", sid)).ExitCode);
        Assert.Equal(5, (await _at.TandemAsync("account", "show", "AC" + new string('0', 32))).ExitCode);
        Assert.Equal(5, (await _at.TandemAsync("account", "create", "--parent", sid)).ExitCode);
    }

    [Fact]
    public async Task Curl_goes_through_the_proxy_with_the_lines_that_env_prints()
    {
        var said = await _at.BashAsync(
            $"eval \"$({string.Join(' ', Workspace.Program)} env curl)\" && . {_at.FirstAccount} && printf 'user = \"%s:%s\"\\n' \"$TWILIO_ACCOUNT_SID\" \"$TWILIO_AUTH_TOKEN\" | curl -sS -K - -X POST https://accounts.twilio.com/v1/AuthTokens/Secondary");

        Assert.Equal("", said.Error);
        Assert.Contains("\"secondary_auth_token\":", said.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node", "export HTTP_PROXY=", "export NODE_EXTRA_CA_CERTS=")]
    [InlineData("cli", "export HTTP_PROXY=", "export NODE_EXTRA_CA_CERTS=")]
    [InlineData("python", "https_proxy=", "export REQUESTS_CA_BUNDLE=")]
    [InlineData("csharp", "export HTTPS_PROXY=", "export SSL_CERT_FILE=")]
    [InlineData("go", "export HTTPS_PROXY=", "export SSL_CERT_FILE=")]
    [InlineData("ruby", "https_proxy=", "export SSL_CERT_FILE=")]
    [InlineData("php", "https_proxy=", "-d curl.cainfo=")]
    [InlineData("java", "-Dhttps.proxyHost=127.0.0.1", "keytool -importcert")]
    public async Task Env_prints_lines_that_a_shell_accepts(string client, string proxy, string ca)
    {
        var said = await _at.TandemAsync("env", client);
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "lines"), said.Out, TestContext.Current.CancellationToken);

        Assert.Contains(proxy, said.Out, StringComparison.Ordinal);
        Assert.Contains(ca, said.Out, StringComparison.Ordinal);
        Assert.Equal((0, ""), (await _at.BashAsync("sh -n lines")) is var read ? (read.ExitCode, read.Error) : default);
    }

    private async Task<string> NewAccountAsync() => Sid().Match((await _at.TandemAsync("account", "create")).Error).Value;

    private async Task<int> CountAsync()
    {
        using var list = JsonDocument.Parse((await _at.TandemAsync("account", "list", "--json")).Out);
        return list.RootElement.GetProperty("accounts").GetArrayLength();
    }

    private async Task<(string? Primary, string? Secondary)> FingerprintsAsync(string sid)
    {
        using var tokens = JsonDocument.Parse((await _at.TandemAsync("token", "show", sid, "--json")).Out);
        return (Of("primary"), Of("secondary"));

        string? Of(string slot) =>
            tokens.RootElement.GetProperty(slot) is { ValueKind: JsonValueKind.Object } token ? token.GetProperty("fingerprint").GetString() : null;
    }

    [GeneratedRegex("AC[0-9a-f]{32}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sid();
}
