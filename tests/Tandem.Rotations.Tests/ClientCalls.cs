using Tandem.Client;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Calls of both clients.</summary>
internal static class ClientCalls
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string Token = "0123456789abcdef0123456789abcdef";
    private const string Other = "ZV00000000000000000000000000000001";

    private static readonly TwilioCredential s_credential = new(Sid, Token);

    private static readonly string s_account = $$"""
        {"sid": "{{Sid}}", "friendly_name": "Acme", "status": "active", "type": "Full", "auth_token": "{{Token}}",
         "date_created": "Thu, 01 Jan 2026 00:00:00 +0000", "date_updated": "Thu, 01 Jan 2026 00:00:00 +0000", "owner_account_sid": "{{Sid}}",
         "uri": "/2010-04-01/Accounts/{{Sid}}.json", "subresource_uris": {"calls": "/c"} }
        """;

    private static readonly string s_own = $$"""
        {"sid": "{{Sid}}", "parent_sid": null, "friendly_name": "Acme", "status": "active", "generation": 3,
         "date_created": "2026-01-01T00:00:00Z", "date_updated": "2026-01-01T00:00:00Z"}
        """;

    private static readonly string s_token = """
        {"fingerprint": "b41e", "date_created": "2026-01-01T00:00:00Z", "age_seconds": 60, "last_use": "2026-01-01T00:00:00Z", "forgotten": false}
        """;

    private static readonly string s_consumer = """
        {"id": "00000000000000ab", "name": "cron", "label": "curl", "route": "r", "network": "192.0.2.0/24", "client": "curl",
         "client_name": "c", "standing": "on_old",
         "primary": {"first_use": null, "last_use": "2026-01-01T00:00:00Z", "calls": 3}, "secondary": null}
        """;

    /// <summary>Each call, with an answer that is good.</summary>
    public static readonly Dictionary<string, (string Good, Func<Clients, Task<object?>> Ask)> All = new(StringComparer.Ordinal)
    {
        ["create"] = (
            $$"""{"account_sid": "{{Sid}}", "date_created": "d", "date_updated": "d", "secondary_auth_token": "{{Token}}", "url": "u"}""",
            async c => await c.Twilio.CreateSecondaryAsync(s_credential, Cancel)),
        ["promote"] = (
            $$"""{"account_sid": "{{Sid}}", "date_created": "d", "date_updated": "d", "auth_token": "{{Token}}", "url": "u"}""",
            async c => await c.Twilio.PromoteAsync(s_credential, Cancel)),
        ["account"] = (s_account, async c => await c.Twilio.GetAccountAsync(s_credential, AccountSid.Parse(Sid), Cancel)),
        ["accounts"] = (
            $$"""
            {"accounts": [{{s_account}}], "first_page_uri": "/f", "next_page_uri": null, "previous_page_uri": null, "uri": "/u", "page": 0,
             "page_size": 50, "start": 0, "end": 0}
            """,
            async c => await c.Twilio.ListAccountsAsync(s_credential, Cancel)),
        ["environments"] = (
            $$"""{"environments": [{"sid": "{{Other}}", "unique_name": "production"}], "meta": {"next_page_url": null} }""",
            async c => await c.Twilio.ListEnvironmentsAsync(s_credential, "ZS1", Cancel)),
        ["variables"] = (
            $$"""{"variables": [{"sid": "{{Other}}", "key": "K", "value": "v"}], "meta": {"next_page_url": null} }""",
            async c => await c.Twilio.ListVariablesAsync(s_credential, "ZS1", Other, Cancel)),
        ["variable"] = (
            $$"""{"sid": "{{Other}}", "key": "K", "value": "v"}""",
            async c => await c.Twilio.CreateVariableAsync(s_credential, "ZS1", Other, "K", "v", Cancel)),
        ["own server"] = (
            """
            {"version": "1", "data_directory": "/d", "listen": ["http://127.0.0.1:1"], "twilio_proxy": null, "twilio_proxy_ca": null,
             "alarms": ["residue_pending"]}
            """,
            async c => await c.Tandem.GetServerAsync(Cancel)),
        ["own account"] = (s_own, async c => await c.Tandem.GetAccountAsync(Sid, Cancel)),
        ["own accounts"] = ($$"""{"accounts": [{{s_own}}], "next_after": null}""", async c => await c.Tandem.ListAllAccountsAsync(Cancel)),
        ["own tokens"] = (
            $$"""
            {"account_sid": "{{Sid}}", "generation": 3, "promote_guard": "off", "primary_paused_until": null, "primary": {{s_token}},
             "secondary": {{s_token}} }
            """,
            async c => await c.Tandem.GetTokensAsync(Sid, Cancel)),
        ["own create"] = (
            $$"""
            {"account_sid": "{{Sid}}", "generation": 3, "fingerprint": "b41e", "date_created": "2026-01-01T00:00:00Z", "auth_token": "{{Token}}"}
            """,
            async c => await c.Tandem.CreateSecondaryAsync(Sid, Cancel)),
        ["own promote"] = (
            $$"""
            {"account_sid": "{{Sid}}", "generation": 3, "fingerprint": "b41e", "date_created": "2026-01-01T00:00:00Z",
             "date_promoted": "2026-01-01T00:00:00Z"}
            """,
            async c => await c.Tandem.PromoteAsync(Sid, new(), Cancel)),
        ["own readiness"] = (
            $$"""
            {"account_sid": "{{Sid}}", "generation": 3, "at": "2026-01-01T00:00:00Z", "state": "not_yet", "reason": null, "until": null,
             "quiet_seconds": 60, "primary": "b41e", "secondary": "0123", "promote_guard": "off", "consumers": [{{s_consumer}}]}
            """,
            async c => await c.Tandem.GetReadinessAsync(Sid, Cancel)),
        ["own consumers"] = (
            $$"""{"account_sid": "{{Sid}}", "generation": 3, "at": "2026-01-01T00:00:00Z", "consumers": [{{s_consumer}}]}""",
            async c => await c.Tandem.GetConsumersAsync(Sid, Cancel)),
        ["own rotation"] = (
            $$"""
            {"account_sid": "{{Sid}}", "id": "1", "owner": "ada@host", "started": "2026-01-01T00:00:00Z", "progress": "running", "is_live": true,
             "heard_at": "2026-01-01T00:00:00Z", "steps": [{"step": "creating", "began": "2026-01-01T00:00:00Z"}], "old_fingerprint": "b41e",
             "new_fingerprint": null, "destinations": [{"name": "n", "progress": "pending"}]}
            """,
            async c => await c.Tandem.GetRotationAsync(Sid, Cancel)),
        ["own audit"] = (
            $$"""
            {"entries": [{"number": 1, "at": "2026-01-01T00:00:00Z", "account_sid": "{{Sid}}", "action": "secondary_created",
             "generation": 1, "actor": "a", "source": "s",
             "request_id": "r", "suppress_email_notification": false, "fingerprint": "b41e", "consumer": null, "detail": "d"}]}
            """,
            async c => await c.Tandem.GetAuditAsync(Sid, cancel: Cancel)),
        ["own users"] = (
            """
            {"users": [{"name": "ada", "role": "viewer", "has_password": true, "has_second_factor": false,
             "date_created": "2026-01-01T00:00:00Z", "last_sign_in": null, "invitation_url": "u", "invitation_until": null}]}
            """,
            async c => await c.Tandem.ListUsersAsync(Cancel)),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Both clients, at one server; with connections that are kept where many calls are made.</summary>
    public sealed class Clients(Uri server, TimeSpan? patience = null, bool keep = false) : IDisposable
    {
        public TwilioClient Twilio { get; } = new(new(server, server, server), keep ? new SocketsHttpHandler() : null, patience);

        public TandemClient Tandem { get; } = TandemClient.OverHttp(server, s_credential, keep ? new SocketsHttpHandler() : null, patience);

        public void Dispose()
        {
            Twilio.Dispose();
            Tandem.Dispose();
        }
    }
}
