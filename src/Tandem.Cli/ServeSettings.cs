using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Tandem.Server;
using Tandem.Server.Backups;
using Tandem.Server.Listeners;

namespace Tandem.Cli;

/// <summary>What <c>tandem serve</c> was told, read and checked.</summary>
internal sealed record ServeSettings
{
    public const string DefaultData = "tandem-data";

    public required TandemOptions Options { get; init; }

    public BootstrapAccount? Import { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;
}

/// <summary>
/// Reads the settings: a flag wins over its variable, and an empty variable is not set. All problems are collected, so that a wrong
/// configuration is corrected once and not in as many rounds as it has mistakes.
/// </summary>
internal sealed class ServeSettingsReader(ParseResult flags, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>A flag and no variable: what stays in an environment would be accepted every time.</summary>
    public static readonly Option<bool> AcceptRollback = new("--accept-rollback")
    {
        Description = "Start this once although the database is an older copy than its anchor, or a required anchor is missing. Retired tokens live again.",
    };

    private readonly List<string> _problems = [];
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    /// <summary>Everything that is wrong, a sentence each; to be read after <see cref="Read"/>.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Reads everything. The result is of use only when there are no problems.</summary>
    public ServeSettings Read()
    {
        _problems.AddRange(Settings.Unknown(environment.Keys));
        Database();
        var options = new TandemOptions
        {
            Listen = Values(Settings.Listen) is { Count: > 0 } listen ? [.. listen.Select(l => EndPoint(Settings.Listen, l)).OfType<IPEndPoint>()] : [new(IPAddress.Loopback, 7420)],
            DataDirectory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Value(Settings.Data) ?? ServeSettings.DefaultData)),
            TwilioProxy = Value(Settings.TwilioProxy) is { } proxy ? EndPoint(Settings.TwilioProxy, proxy) : null,
            PublicUrl = Value(Settings.PublicUrl) is { } url ? Url(url) : null,
            TlsCertificateFile = FullPath(Settings.TlsCert),
            TlsKeyFile = FullPath(Settings.TlsKey),
            TrustedProxies = [.. Values(Settings.TrustedProxies).Select(Network).OfType<IPNetwork>()],
            PlainHttp = Truth(Settings.PlainHttp),
            CorsOrigins = [.. Values(Settings.CorsOrigin).Select(Origin).OfType<string>()],
            RecoverableTokens = Truth(Settings.RecoverableTokens),
            RootKeyFile = FullPath(Settings.RootKeyFile) ?? Settings.Credential(environment.GetValueOrDefault("CREDENTIALS_DIRECTORY")),
            AnchorFile = FullPath(Settings.AnchorFile),
            RequireAnchor = Truth(Settings.RequireAnchor),
            BackupRecipients = Value(Settings.BackupRecipient) is { } keys ? [.. keys.Split(',').Select(Recipient).OfType<AgeRecipient>()] : [],
            CountUsage = Truth(Settings.Usage, unset: true),
            LateUse = Truth(Settings.LateUse, unset: true),
            ConsumerNetwork = Bits(Settings.ConsumerNetwork, ClientNetwork.Ipv4Whole),
        };
        options = options with
        {
            ThrottleAccount = Budget(Settings.ThrottleAccount) ?? options.ThrottleAccount,
            ThrottleSource = Budget(Settings.ThrottleSource) ?? options.ThrottleSource,
            QuietTime = Duration(Settings.QuietTime, TimeSpan.FromSeconds(1)) ?? options.QuietTime,
            SecondaryAgeWarning = Duration(Settings.SecondaryAge, TimeSpan.Zero) ?? options.SecondaryAgeWarning,
            AuditRetention = Duration(Settings.AuditRetention, TimeSpan.FromDays(1), mostDays: 36_500) ?? TimeSpan.Zero,
            Subaccounts = Number(Settings.Subaccounts, most: 1_000_000) ?? options.Subaccounts,
            AcceptRollback = flags.GetValue(AcceptRollback),
            Sources = _sources,
        };
        var settings = new ServeSettings { Options = options, Import = Bootstrap(), LogLevel = Level() };

        // An address that could not be read is a problem told already; without it "no address" would be a second one that is none.
        _problems.AddRange(ListenerRules.Check(options.Listen.Count > 0 ? options : options with { Listen = [new(IPAddress.Loopback, 0)] }));
        return settings;
    }

    /// <summary>Reads a token as files and variables hold it: white space at the end is an editor's, not the token's.</summary>
    public static bool TryReadToken(string text, [NotNullWhen(true)] out AuthToken? token) => AuthToken.TryParse(text.AsSpan().TrimEnd(), out token);

    private string? Value(Setting setting) =>
        setting.Option is Option<string> option && flags.GetValue(option) is { Length: > 0 } flag ? From(setting, "flag", flag)
            : environment.GetValueOrDefault(setting.Variable) is { Length: > 0 } variable ? From(setting, "environment", variable)
            : null;

    /// <summary>Takes note of where a setting came from.</summary>
    private T From<T>(Setting setting, string source, T value)
    {
        _sources[setting.Variable] = source;
        return value;
    }

    private List<string> Values(Setting setting)
    {
        var given = flags.GetValue((Option<string[]>)setting.Option!) is { Length: > 0 } flag ? From(setting, "flag", flag)
            : environment.GetValueOrDefault(setting.Variable) is { Length: > 0 } variable ? From<string[]>(setting, "environment", [variable])
            : [];
        return [.. given.SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
    }

    private string? FullPath(Setting setting) => Value(setting) is { } path ? Path.GetFullPath(path) : null;

    private bool Truth(Setting setting, bool unset = false)
    {
        if (setting.Option is Option<bool> option && flags.GetValue(option))
        {
            return From(setting, "flag", true);
        }

        var text = Value(setting) ?? "";
        switch (text.ToLowerInvariant())
        {
            case "true" or "1":
                return true;
            case "":
                return unset;
            case "false" or "0":
                return false;
            default:
                _problems.Add($"{setting.Variable}={text} is neither true nor false.");
                return false;
        }
    }

    private int? Number(Setting setting, int most)
    {
        if (Value(setting) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most)
        {
            return number;
        }

        _problems.Add(string.Create(CultureInfo.InvariantCulture, $"{Name(setting)} {text} is not a number from 0 to {most}."));
        return null;
    }

    private byte Bits(Setting setting, byte unset)
    {
        var text = Value(setting);
        if (text is null)
        {
            return unset;
        }

        if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits is >= 8 and <= ClientNetwork.Ipv4Whole)
        {
            return bits;
        }

        _problems.Add($"{setting.Variable}={text} is no prefix length of an IPv4 network. Write a number from 8 to 32; 24 takes 10.0.3.1 and 10.0.3.2 for one.");
        return unset;
    }

    /// <summary>Whole seconds, minutes, hours or days, up to 90 days; <paramref name="least"/> at least. Where nothing is allowed, 0 needs no unit.</summary>
    private TimeSpan? Duration(Setting setting, TimeSpan least, int mostDays = 90)
    {
        if (Value(setting) is not { } text)
        {
            return null;
        }

        if (text is "0" && setting != Settings.QuietTime)
        {
            return TimeSpan.Zero;
        }

        if (Length.TryParse(text, out var time) && time >= least && time <= TimeSpan.FromDays(mostDays))
        {
            return time;
        }

        _problems.Add(string.Create(CultureInfo.InvariantCulture, $"{Name(setting)} {text} is no length of time. Write {(least < TimeSpan.FromDays(1) ? "30s, 10m, 2h or 7d" : "7d or 400d")}; at most {mostDays}d."));
        return null;
    }

    private IPEndPoint? EndPoint(Setting setting, string text)
    {
        // IPEndPoint itself would read "7420" as the address 0.0.28.252.
        var colon = text.LastIndexOf(':');
        var host = colon < 0 ? "" : text[..colon];
        var isPort = ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port);
        var address = host switch
        {
            "localhost" => IPAddress.Loopback,
            ['[', .. var six, ']'] when IPAddress.TryParse(six, out var parsed) => parsed,
            _ when !host.Contains(':', StringComparison.Ordinal) && host.Split('.').Length == 4 && IPAddress.TryParse(host, out var parsed) => parsed,
            _ => null,
        };
        if (address is not null && isPort)
        {
            return new(address, port);
        }

        _problems.Add($"{Name(setting)} {text} is no address to listen on. Write 127.0.0.1:7420, [::1]:7420, localhost:7420, or 0.0.0.0:7420 for all.");
        return null;
    }

    private Uri? Url(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            return url;
        }

        _problems.Add($"{Name(Settings.PublicUrl)} is no URL. Write https://host or https://host:port.");
        return null;
    }

    private IPNetwork? Network(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            return network;
        }

        if (IPAddress.TryParse(text, out var one))
        {
            return new(one, one.GetAddressBytes().Length * 8);
        }

        _problems.Add($"{Name(Settings.TrustedProxies)} {text} is no network. Write 10.0.0.0/8 (no bits set behind the prefix), or one address.");
        return null;
    }

    private string? Origin(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri.GetLeftPart(UriPartial.Authority) is var origin && origin.Equals(text, StringComparison.OrdinalIgnoreCase))
        {
            return origin;
        }

        _problems.Add($"{Name(Settings.CorsOrigin)} {text} is no origin. Write https://host or https://host:port, with no path and no slash at the end.");
        return null;
    }

    private AgeRecipient? Recipient(string text)
    {
        if (AgeRecipient.TryParse(text, out var recipient))
        {
            return recipient;
        }

        _problems.Add($"{Settings.BackupRecipient.Variable} holds {text.Trim()}, which is no public key of age. Write what age-keygen prints behind \"Public key:\", several with commas between.");
        return null;
    }

    private FailureBudget? Budget(Setting setting)
    {
        if (Value(setting) is not { } text)
        {
            return null;
        }

        if (FailureBudget.TryParse(text, out var budget))
        {
            return budget;
        }

        _problems.Add($"{Name(setting)} {text} is no budget. Write 300+1/s for 300 at once and then one a second; both are 1 to 1000000.");
        return null;
    }

    private void Database()
    {
        var text = Value(Settings.Database) ?? "sqlite";
        if (text.StartsWith("postgres", StringComparison.OrdinalIgnoreCase))
        {
            // Not repeated: it may hold a password.
            _problems.Add($"{Name(Settings.Database)} names PostgreSQL; this version of tandem has the embedded SQLite only. Leave the setting out, or say sqlite.");
        }
        else if (!text.Equals("sqlite", StringComparison.Ordinal))
        {
            _problems.Add($"{Name(Settings.Database)} names a database that tandem does not know. Leave the setting out, or say sqlite.");
        }
    }

    private BootstrapAccount? Bootstrap()
    {
        var (sidText, inline, file) = (Value(Settings.BootstrapSid), Value(Settings.BootstrapToken), Value(Settings.BootstrapTokenFile));
        if (inline is not null && file is not null)
        {
            _problems.Add($"Both {Settings.BootstrapToken.Variable} and {Settings.BootstrapTokenFile.Variable} are set. Keep one, better the file.");
        }

        if (sidText is null != (inline is null && file is null))
        {
            _problems.Add($"{Settings.BootstrapSid.Variable} and {Settings.BootstrapTokenFile.Variable} (or {Settings.BootstrapToken.Variable}) go together; only one of the two is set.");
        }

        AccountSid sid = default;
        if (sidText is not null && !AccountSid.TryParse(sidText.AsSpan(), out sid))
        {
            _problems.Add($"{Settings.BootstrapSid.Variable} is no Account SID: AC and 32 hexadecimal digits.");
        }

        var source = file is null ? Settings.BootstrapToken : Settings.BootstrapTokenFile;
        var text = inline;
        try
        {
            text = file is null ? inline : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{source.Variable} names {file}, which cannot be read ({e.Message})");
            return null;
        }

        AuthToken? token = null;
        if (text is not null && !TryReadToken(text, out token))
        {
            _problems.Add($"{source.Variable} holds no token: a token is 32 letters and digits, this has {text.TrimEnd().Length} characters.");
        }

        return token is null ? null : new(sid, token);
    }

    private LogLevel Level()
    {
        var text = Value(Settings.LogLevel);
        if (text is null)
        {
            return LogLevel.Warning;
        }

        if (text.All(char.IsAsciiLetter) && Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level))
        {
            return level;
        }

        _problems.Add($"{Settings.LogLevel.Variable}={text} is no level. Write debug, information, warning, error or none.");
        return LogLevel.Warning;
    }

    /// <summary>The name by which the setting was given.</summary>
    private string Name(Setting setting) =>
        setting.Option is { } option && flags.GetResult(option) is { Implicit: false } ? option.Name : setting.Variable;
}
