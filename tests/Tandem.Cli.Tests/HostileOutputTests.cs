using System.Text.Json;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>Whatever a server answers, no control character of it reaches a terminal or a pipe, and no line of it looks like one of ours.</summary>
public sealed class HostileOutputTests : IDisposable
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string At = "2026-01-01T00:00:00Z";

    /// <summary>Clears the screen, sets the title, writes over a line, turns the text round, and begins a line that looks like ours.</summary>
    private const string Evil = "evil\u001b[2J\u001b]0;title\u0007\r\u009b1A\u202e\u2028\u0085\0\u007f\nforged  line";

    private readonly Workspace _at = new();

    private static string Text { get; } = JsonSerializer.Serialize(Evil);

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task No_verb_prints_what_a_local_server_answers_as_it_is()
    {
        Directory.CreateDirectory(_at.Data);
        await using var server = new HostileSocket(Path.Combine(_at.Data, "admin.sock"), new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/accounts"] = $$"""{"accounts": [{{Account()}}], "next_after": null}""",
            ["/audit"] = $$"""
                {"entries": [{"number": 1, "at": "{{At}}", "account_sid": null, "action": {{Text}}, "generation": 1,
                 "actor": {{Text}}, "source": {{Text}}, "request_id": {{Text}},
                 "suppress_email_notification": false, "fingerprint": null, "consumer": {{Text}}, "detail": {{Text}} }]}
                """,
            ["/users"] = $$"""
                {"users": [{"name": {{Text}}, "role": {{Text}}, "has_password": true, "has_second_factor": false,
                 "date_created": "{{At}}", "last_sign_in": null}]}
                """,
            ["/readiness"] = $$"""
                {"account_sid": "{{Sid}}", "generation": 1, "at": "{{At}}", "state": {{Text}}, "reason": {{Text}}, "until": null,
                 "quiet_seconds": 1, "primary": "b41e", "secondary": "0123",
                 "promote_guard": "enforce", "consumers": [{{Consumer()}}]}
                """,
            ["/tokens"] = $$"""{"account_sid": "{{Sid}}", "generation": 1, "promote_guard": {{Text}}, "primary": null, "secondary": null}""",
            [$"/accounts/{Sid}"] = Account(),
            ["/server"] = $$"""
                {"version": {{Text}}, "data_directory": {{Text}}, "listen": [{{Text}}], "twilio_proxy": {{Text}}, "twilio_proxy_ca": {{Text}},
                 "alarms": [{{Text}}]}
                """,
            ["/keys"] = $$"""
                {"root_key_file": {{Text}}, "root_key_id": {{Text}}, "data_keys": [], "under_other_root_keys": 0, "old_seals": 0,
                 "old_seal_accounts": []}
                """,
            ["/late-use"] = $$"""
                {"account_sid": "{{Sid}}", "is_noted": true, "entries": [{"first_use": null, "last_use": null, "calls": 1, "fingerprint": "b41e",
                 "retired_at": "{{At}}", "consumer": {{Consumer()}} }]}
                """,
        });
        _at.Variables["NO_COLOR"] = "1";
        string[][] verbs =
        [
            ["account", "list"], ["account", "show", Sid], ["audit"], ["audit", "export"], ["user", "list"], ["consumers", Sid],
            ["token", "show", Sid], ["usage", Sid, "--late"],
            ["doctor"], ["env", "node"], ["env", "java"], ["key", "status"],
        ];
        foreach (var verb in verbs)
        {
            foreach (var form in (string[][])[[], ["-o", "tsv"], ["-o", "json"]])
            {
                var said = await _at.TandemAsync([.. verb, .. verb is ["env" or "audit", ..] and not ["audit"] ? [] : form]);
                AssertClean(said.Out + said.Error, verb);
                Assert.DoesNotContain("Please report this", said.Error, StringComparison.Ordinal);
            }

            AssertClean((await _at.OnTerminalAsync("", verb)).Out.Replace("\r\n", "\n", StringComparison.Ordinal), verb);
        }
    }

    [Fact]
    public async Task A_rotation_prints_no_answer_as_it_is()
    {
        var account = $$"""
            {"sid": "{{Sid}}", "friendly_name": {{Text}}, "status": "active", "type": "Full", "auth_token": null,
             "date_created": "x", "date_updated": "x", "owner_account_sid": "{{Sid}}", "uri": "x", "subresource_uris": {} }
            """;
        await using var server = new HostileSocket(null, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [$"/Accounts/{Sid}.json"] = account,
            ["/tokens"] = $$"""
                {"account_sid": "{{Sid}}", "generation": 1, "promote_guard": {{Text}}, "secondary": null,
                 "primary": {"fingerprint": "b41e", "date_created": "{{At}}", "age_seconds": 1} }
                """,
            ["/audit"] = """{"entries": []}""",
            ["/rotation"] = $$"""
                {"account_sid": "{{Sid}}", "id": {{Text}}, "owner": {{Text}}, "started": "{{At}}", "progress": "running", "is_live": true,
                 "heard_at": "{{At}}", "steps": [], "destinations": [], "message": {{Text}} }
                """,
        });
        await File.WriteAllTextAsync(
            Path.Combine(_at.Root, ".env"), $"TWILIO_AUTH_TOKEN={new string('a', 32)}\n", TestContext.Current.CancellationToken);
        _at.Variables["NO_COLOR"] = "1";
        _at.Variables["TANDEM_SERVER"] = server.Url;
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        foreach (var verb in (string[][])[["rotate", "plan", Sid, "--dotenv", ".env"], ["rotate", Sid, "--dotenv", ".env", "--yes"], ["doctor"]])
        {
            var said = await _at.TandemAsync(verb);
            AssertClean(said.Out + said.Error, verb);
            Assert.DoesNotContain("Please report this", said.Error, StringComparison.Ordinal);
            var shown = await _at.OnTerminalAsync("", verb);
            AssertClean(shown.Out.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\r\u001b[K", "", StringComparison.Ordinal), verb);
        }
    }

    [Fact]
    public async Task A_name_that_is_given_on_the_command_line_is_shown_without_control_characters()
    {
        var said = await _at.TandemAsync("account", "show", Evil);
        AssertClean(said.Error.Replace("\nforged", "", StringComparison.Ordinal), ["account", "show"]);
    }

    private static string Account() => $$"""
        {"sid": "{{Sid}}", "friendly_name": {{Text}}, "status": {{Text}}, "generation": 1, "date_created": "{{At}}", "date_updated": "{{At}}"}
        """;

    private static string Consumer() => $$"""
        {"id": {{Text}}, "name": {{Text}}, "label": {{Text}}, "route": {{Text}}, "network": {{Text}},
         "client": {{Text}}, "client_name": {{Text}}, "standing": "on_old",
         "primary": {"first_use": null, "last_use": null, "calls": 1} }
        """;

    private static void AssertClean(string said, string[] verb)
    {
        // What the runtime itself says to a terminal that it has prepared is not ours.
        var text = said.Replace("\u001b[?1h\u001b=", "", StringComparison.Ordinal);
        Assert.DoesNotContain(text, c => (char.IsControl(c) && c is not ('\n' or '\t')) || c is '\u202e' or '\u2028');
        Assert.False(text.Split('\n').Any(line => line.StartsWith("forged", StringComparison.Ordinal)), $"{string.Join(' ', verb)}: {text}");
    }
}
