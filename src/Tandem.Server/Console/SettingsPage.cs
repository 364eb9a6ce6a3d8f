using System.Globalization;
using Tandem.Client;
using Tandem.Server.Backups;
using Tandem.Server.Usage;

namespace Tandem.Server.Console;

/// <summary>A setting as it is in force.</summary>
/// <param name="Variable">Its environment variable.</param>
/// <param name="Flag">Its flag; null when it has none.</param>
/// <param name="Value">What it is.</param>
/// <param name="Source">Where that came from.</param>
public sealed record SettingRow(string Variable, string? Flag, string Value, string Source);

/// <summary>What the page about the server shows.</summary>
/// <param name="Server">What the server says of itself.</param>
/// <param name="Settings">The settings.</param>
/// <param name="Accounts">How many accounts there are.</param>
/// <param name="Counters">How the counting fares.</param>
/// <param name="Counted">Since when, and with which gaps.</param>
public sealed record SettingsModel(ServerInfo Server, IReadOnlyList<SettingRow> Settings, int Accounts, UsageCounters Counters, UsageReport Counted) : PageModel("Settings")
{
    /// <summary>Whether a backup can be made from here: for whoever sees the page, and with a key that it is encrypted to.</summary>
    public (bool MayBackUp, bool HasRecipient) Backup { get; init; }

    /// <summary>Why calls went uncounted, in words.</summary>
    /// <param name="reason">The reason.</param>
    public static string Of(GapReason reason) => reason switch
    {
        GapReason.UncleanStop => "the server ended without writing what it had counted",
        GapReason.Dropped => "more calls came than could be counted",
        GapReason.CountingOff => "counting was turned off",
        _ => "what had been counted could not be read",
    };
}

/// <summary><c>/settings</c>: how the server runs. It shows; what is set by flags and variables is changed there.</summary>
internal static class SettingsPage
{
    public const string Path = "/settings";

    public static Task ShowAsync(PageRequest page)
    {
        var recorder = page.Get<UsageRecorder>();
        return page.ShowAsync(Pages.Settings.Create(new(
            RunningServer.Describe(page.Http.RequestServices),
            Rows(page.Get<TandemOptions>()),
            page.Get<VerifierIndex>().Count,
            recorder.Counters,
            recorder.Report(default))
        {
            Backup = (page.May(UserRole.Administrator), page.Get<TandemOptions>().BackupRecipients.Count > 0),
        }));
    }

    /// <summary>
    /// A backup as a download. Only one that is encrypted: what a browser stores lies about, and is synced to who knows where.
    /// </summary>
    public static async Task BackUpAsync(PageRequest page)
    {
        var (recipients, response) = (page.Get<TandemOptions>().BackupRecipients, page.Http.Response);
        if (recipients.Count == 0)
        {
            await ErrorPage.WriteAsync(page.Http, ErrorKind.NotPermitted);
            return;
        }

        var refusal = await page.Get<Backup>().MakeAsync(page.Caller(UserRole.Administrator), recipients, page.Context, async copy =>
        {
            page.Committed();
            response.ContentType = "application/octet-stream";
            response.Headers.ContentDisposition = $"attachment; filename=\"tandem-{page.Now:yyyyMMdd-HHmmss}.db.age\"";
            await Backup.WriteAsync(copy, response.Body, recipients, page.Http.RequestAborted);
        });
        if (refusal != ErrorKind.None)
        {
            await (refusal == ErrorKind.SessionEnded ? SignInPage.SendThereAsync(page) : ErrorPage.WriteAsync(page.Http, refusal));
        }
    }

    /// <summary>Never a secret: of keys and certificates, where they lie.</summary>
    private static SettingRow[] Rows(TandemOptions options)
    {
        return
        [
            Row("LISTEN", "--listen", string.Join(", ", options.Listen)),
            Row("DATA", "--data", options.DataDirectory),
            Row("TWILIO_PROXY", "--twilio-proxy", options.TwilioProxy?.ToString() ?? "off"),
            Row("PUBLIC_URL", "--public-url", options.PublicUrl?.ToString() ?? "the address the client named"),
            Row("TLS_CERT", "--tls-cert", options.TlsCertificateFile ?? "none"),
            Row("TLS_KEY", "--tls-key", options.TlsKeyFile ?? "none"),
            Row("TRUSTED_PROXIES", "--trusted-proxies", options.TrustedProxies.Count == 0 ? "none" : string.Join(", ", options.TrustedProxies)),
            Row("PLAIN_HTTP", "--plain-http", OnOff(options.PlainHttp)),
            Row("CORS_ORIGIN", "--cors-origin", options.CorsOrigins.Count == 0 ? "none" : string.Join(", ", options.CorsOrigins)),
            Row("THROTTLE_ACCOUNT", "--throttle-account", options.ThrottleAccount.ToString()),
            Row("THROTTLE_SOURCE", "--throttle-source", options.ThrottleSource.ToString()),
            Row("QUIET_TIME", "--quiet-time", Spans.Text(options.QuietTime)),
            Row("SECONDARY_AGE_WARNING", "--secondary-age-warning", options.SecondaryAgeWarning == TimeSpan.Zero ? "off" : Spans.Text(options.SecondaryAgeWarning)),
            Row("AUDIT_RETENTION", "--audit-retention", options.AuditRetention == TimeSpan.Zero ? "for ever" : Spans.Text(options.AuditRetention)),
            Row("SUBACCOUNTS", "--subaccounts", string.Create(CultureInfo.InvariantCulture, $"{options.Subaccounts} of one account")),
            Row("ANCHOR_FILE", null, DataDirectory.Of(options.DataDirectory).AnchorFile(options.AnchorFile)),
            Row("REQUIRE_ANCHOR", "--require-anchor", OnOff(options.RequireAnchor)),
            Row("BACKUP_RECIPIENT", null, options.BackupRecipients.Count == 0 ? "none" : string.Join(", ", options.BackupRecipients.Select(r => r.Text))),
            Row("ROOT_KEY_FILE", null, options.RootKeyFile ?? "root.key in the data directory"),
            Row("RECOVERABLE_TOKENS", null, OnOff(options.RecoverableTokens)),
            Row("USAGE", null, OnOff(options.CountUsage)),
            Row("LATE_USE", null, OnOff(options.LateUse)),
            Row("CONSUMER_NETWORK", null, string.Create(CultureInfo.InvariantCulture, $"/{options.ConsumerNetwork}")),
        ];

        SettingRow Row(string name, string? flag, string value) => new(
            $"TANDEM_{name}", flag, value, options.Sources is not { } sources ? "not known" : sources.GetValueOrDefault($"TANDEM_{name}", "default"));
    }

    private static string OnOff(bool on) => on ? "on" : "off";
}
