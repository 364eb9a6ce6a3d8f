using System.Net;
using Tandem.Server.Backups;

namespace Tandem.Server;

/// <summary>The settings of a server, read and checked by whoever hosts it.</summary>
public sealed record TandemOptions
{
    /// <summary>Where the API listens. Port 0 takes a free one.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [new(IPAddress.Loopback, 7420)];

    /// <summary>The directory of the database, the keys and the administration socket; an absolute path.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where the server takes <c>CONNECT *.twilio.com:443</c>; null for nowhere.</summary>
    public IPEndPoint? TwilioProxy { get; init; }

    /// <summary>The address that clients use, when a proxy stands in front; null for the address they name.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>A PEM file with the certificate chain; read again when it changes. Goes with <see cref="TlsKeyFile"/>.</summary>
    public string? TlsCertificateFile { get; init; }

    /// <summary>A PEM file with the certificate's private key.</summary>
    public string? TlsKeyFile { get; init; }

    /// <summary>Whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed: for audit entries, and for whose failures are counted. Whether a credential is accepted never depends on it.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Whether listening off loopback without TLS is wanted.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Origins from which browsers may send mutations: <c>https://host[:port]</c>.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>How many refused credentials for one SID a client address has before the answer is 429.</summary>
    public FailureBudget ThrottleAccount { get; init; } = new(300, 1);

    /// <summary>The same for all SIDs together.</summary>
    public FailureBudget ThrottleSource { get; init; } = new(3_000, 20);

    /// <summary>Whether tokens created from now on stay readable under the server's key, for the Account resource's <c>auth_token</c>.</summary>
    public bool RecoverableTokens { get; init; }

    /// <summary>Subaccounts that one account may have, the closed ones not counted; 0 to 1,000,000.</summary>
    public int Subaccounts { get; init; } = AccountLifecycle.DefaultSubaccountLimit;

    /// <summary>The file of the root key; null for <c>root.key</c> in the data directory.</summary>
    public string? RootKeyFile { get; init; }

    /// <summary>The file that knows of every call that retired a token; null for one beside the data directory.</summary>
    public string? AnchorFile { get; init; }

    /// <summary>Whether a start is refused when the anchor is missing or new, unless the database is new as well; <see cref="AcceptRollback"/> overrides it.</summary>
    public bool RequireAnchor { get; init; }

    /// <summary>Whether a database that is older than its anchor is started all the same, this once.</summary>
    public bool AcceptRollback { get; init; }

    /// <summary>For how long audit entries are kept, a day at least; zero for ever.</summary>
    public TimeSpan AuditRetention { get; init; }

    /// <summary>The public keys that backups are encrypted to, unless a backup names others; empty for none.</summary>
    public IReadOnlyList<AgeRecipient> BackupRecipients { get; init; } = [];

    /// <summary>Whether accepted calls are counted by consumer. While they are not, no verdict of readiness is better than unknown.</summary>
    public bool CountUsage { get; init; } = true;

    /// <summary>For how long nobody must have used the old token before everyone counts as moved; whole seconds, 1 second to 90 days.</summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Above what age a secondary that is neither promoted nor deleted counts as forgotten, 90 days at most; zero for never.</summary>
    public TimeSpan SecondaryAgeWarning { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Whether calls with retired tokens are told to their owner; what that takes is kept for 30 days.</summary>
    public bool LateUse { get; init; } = true;

    /// <summary>To what networks the IPv4 addresses of consumers are widened: bits, 8 to 32. 32 keeps every address apart.</summary>
    public byte ConsumerNetwork { get; init; } = ClientNetwork.Ipv4Whole;

    /// <summary>Where each setting that was given came from, in words, by its variable's name; null when the host does not say. For the console alone.</summary>
    public IReadOnlyDictionary<string, string>? Sources { get; init; }
}
