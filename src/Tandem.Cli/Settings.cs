using System.CommandLine;

namespace Tandem.Cli;

/// <summary>One setting: its environment variable, its flag if it has one, and what it says.</summary>
/// <param name="Variable">The variable's name.</param>
/// <param name="Option">The flag; null for what belongs into the environment or a file alone.</param>
internal sealed record Setting(string Variable, Option? Option = null);

/// <summary>The one table of the server's settings. Nothing else is read: no settings file, no other variable.</summary>
internal static class Settings
{
    /// <summary>What every name of ours begins with; an unknown name that begins so is a mistake to be told.</summary>
    public const string Prefix = "TANDEM_";

    public static readonly Setting Listen = Many("LISTEN", "--listen", "ADDR:PORT", "Where the API listens; several by commas or by repeating. [default: 127.0.0.1:7420]");
    public static readonly Setting Data = One("DATA", "--data", "DIR", "The data directory. [default: ./tandem-data]");
    public static readonly Setting Database = One("DATABASE", "--database", "sqlite", "The database. This version has the embedded one only.");
    public static readonly Setting TwilioProxy = One("TWILIO_PROXY", "--twilio-proxy", "ADDR:PORT", "Take CONNECT *.twilio.com:443 here, for unmodified Twilio clients (see tandem env).");
    public static readonly Setting PublicUrl = One("PUBLIC_URL", "--public-url", "URL", "The address that clients use, when a proxy stands in front.");
    public static readonly Setting TlsCert = One("TLS_CERT", "--tls-cert", "FILE", "Certificate chain (PEM); read again when it changes.");
    public static readonly Setting TlsKey = One("TLS_KEY", "--tls-key", "FILE", "The certificate's private key (PEM).");
    public static readonly Setting TrustedProxies = Many("TRUSTED_PROXIES", "--trusted-proxies", "NETWORK", "Whose X-Forwarded-For is believed, for audit entries and for counting failures: 10.0.0.0/8, 192.0.2.7.");
    public static readonly Setting PlainHttp = Switch("PLAIN_HTTP", "--plain-http", "Listen off loopback without TLS: the network may read the tokens.");
    public static readonly Setting CorsOrigin = Many("CORS_ORIGIN", "--cors-origin", "ORIGIN", "An origin from which browsers may change tokens: https://host[:port].");
    public static readonly Setting ThrottleAccount = One("THROTTLE_ACCOUNT", "--throttle-account", "BURST+N/s", "Refused credentials that one client address has for one SID, before 429. [default: 300+1/s]");
    public static readonly Setting ThrottleSource = One("THROTTLE_SOURCE", "--throttle-source", "BURST+N/s", "The same for all SIDs together. [default: 3000+20/s]");
    public static readonly Setting QuietTime = One("QUIET_TIME", "--quiet-time", "TIME", "For how long nobody must have used the old token before everyone counts as moved. [default: 10m]");
    public static readonly Setting SecondaryAge = One("SECONDARY_AGE_WARNING", "--secondary-age-warning", "TIME", "Above what age a secondary that is neither promoted nor deleted is warned of; 0 for never. [default: 7d]");
    public static readonly Setting Subaccounts =
        One("SUBACCOUNTS", "--subaccounts", "N", "Subaccounts that one account may have, closed ones not counted. [default: 1000]");
    public static readonly Setting RecoverableTokens = new(Prefix + "RECOVERABLE_TOKENS");
    public static readonly Setting RootKeyFile = new(Prefix + "ROOT_KEY_FILE");
    public static readonly Setting AnchorFile = new(Prefix + "ANCHOR_FILE");
    public static readonly Setting RequireAnchor = Switch("REQUIRE_ANCHOR", "--require-anchor", "Do not start without the anchor, unless the database is new.");
    public static readonly Setting AuditRetention = One("AUDIT_RETENTION", "--audit-retention", "TIME", "For how long audit entries are kept; 0 for ever. [default: 0]");
    public static readonly Setting BackupRecipient = new(Prefix + "BACKUP_RECIPIENT");
    public static readonly Setting BootstrapSid = new(Prefix + "BOOTSTRAP_ACCOUNT_SID");
    public static readonly Setting BootstrapToken = new(Prefix + "BOOTSTRAP_AUTH_TOKEN");
    public static readonly Setting BootstrapTokenFile = new(Prefix + "BOOTSTRAP_AUTH_TOKEN_FILE");
    public static readonly Setting Usage = new(Prefix + "USAGE");
    public static readonly Setting LateUse = new(Prefix + "LATE_USE");
    public static readonly Setting ConsumerNetwork = new(Prefix + "CONSUMER_NETWORK");
    public static readonly Setting LogLevel = new(Prefix + "LOG_LEVEL");

    public static readonly IReadOnlyList<Setting> All =
    [
        Listen, Data, Database, TwilioProxy, PublicUrl, TlsCert, TlsKey, TrustedProxies, PlainHttp, CorsOrigin,
        ThrottleAccount, ThrottleSource, QuietTime, SecondaryAge, AuditRetention, Subaccounts,
        RecoverableTokens, RootKeyFile, AnchorFile, RequireAnchor, BackupRecipient,
        BootstrapSid, BootstrapToken, BootstrapTokenFile, Usage, LateUse, ConsumerNetwork, LogLevel,
    ];

    /// <summary>Variables of ours that other verbs than <c>serve</c> read, or that a hook is given: none of its business, and no mistake.</summary>
    public static readonly IReadOnlyList<string> OfOtherVerbs =
        [.. new[] { "SERVER", "CONFIG", "PROFILE", "STATE", "STATE_PASSPHRASE", "STATE_PASSPHRASE_FILE", "PHASE", "ACCOUNT_SID" }.Select(name => Prefix + name)];

    /// <summary>A sentence for each variable that looks like one of ours and is none.</summary>
    public static IEnumerable<string> Unknown(IEnumerable<string> variables) =>
        from name in variables.Order(StringComparer.Ordinal)
        where name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !OfOtherVerbs.Contains(name, StringComparer.Ordinal) && All.All(s => !s.Variable.Equals(name, StringComparison.Ordinal))
        select $"{name} is no setting. Did you mean {All.MinBy(s => Distance(s.Variable, name.ToUpperInvariant()))!.Variable}?";

    /// <summary>The file that a variable names, absolute; null when it is not set. For verbs that look at a server's files.</summary>
    public static string? FilePath(Setting setting) => Environment.GetEnvironmentVariable(setting.Variable) is { Length: > 0 } file ? Path.GetFullPath(file) : null;

    /// <summary>Where the root key is that was named: by its variable, else as a credential of the service manager; null for the data directory's own.</summary>
    public static string? RootKeyPath() => FilePath(RootKeyFile) ?? Credential(Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY"));

    /// <summary>The root key among the credentials that systemd hands to a service (<c>LoadCredential=tandem-root-key:…</c>); null when it is not there.</summary>
    public static string? Credential(string? directory) =>
        directory is { Length: > 0 } && Path.Combine(directory, "tandem-root-key") is var file && File.Exists(file) ? file : null;

    private static Setting One(string variable, string flag, string argument, string help) =>
        new(Prefix + variable, new Option<string>(flag) { HelpName = argument, Description = $"{help} ({Prefix}{variable})" });

    private static Setting Many(string variable, string flag, string argument, string help) =>
        new(Prefix + variable, new Option<string[]>(flag) { HelpName = argument, Description = $"{help} ({Prefix}{variable})" });

    private static Setting Switch(string variable, string flag, string help) =>
        new(Prefix + variable, new Option<bool>(flag) { Description = $"{help} ({Prefix}{variable})" });

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
