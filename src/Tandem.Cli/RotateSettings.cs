using System.CommandLine;
using Tandem.Client;
using Tandem.Rotations;
using Tandem.Rotations.Destinations;

namespace Tandem.Cli;

/// <summary>A setting as it came out, and where from.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Its value, a secret's as its fingerprint; null when it is not set.</param>
/// <param name="Source">Where it was read.</param>
internal sealed record Sourced(string Name, string? Value, string Source)
{
    public const string Nowhere = "not set";
}

/// <summary>
/// What a rotation was told. Flags win over the environment, which wins over the plan, which wins over the profile that the environment names, which
/// wins over what stands in the env file that is to be rotated. A profile that is named on the command line wins over the environment: its name is a
/// flag. A token never comes by an argument.
/// </summary>
internal sealed class RotateSettings
{
    private const string TokenVariable = "TWILIO_AUTH_TOKEN";

    private readonly RotateOptions _options;
    private readonly ParseResult _parsed;
    private readonly TwilioAddresses _twilio;
    private readonly (string? Sid, string? Token) _standing;
    private readonly string _standsIn;
    private readonly Profile? _profile;
    private readonly bool _profileIsFlag;

    public RotateSettings(RotateOptions options, ParseResult parsed)
    {
        (_options, _parsed) = (options, parsed);
        _profileIsFlag = parsed.GetValue(options.Profile) is { Length: > 0 };
        _profile = (_profileIsFlag ? parsed.GetValue(options.Profile) : Variable("TANDEM_PROFILE")) is { } name ? ProfileFile.Read(ConfigurationFile, name) : null;
        _twilio = Twilio(); // whose region a profile may name
        (Plan, PlanSource) = ReadPlan();
        Destinations = With(Plan.Destinations, parsed.GetValue(options.Dotenv) ?? []);
        var holder = Destinations.FirstOrDefault(d => d.ReadCredential().Token is not null);
        (_standing, _standsIn) = (holder?.ReadCredential() ?? default, holder?.Id ?? "");
        Sid = ReadSid();
        Target = ReadTarget();
        if (Target.Value is { } server and not "twilio" && Destinations.FirstOrDefault(d => d.IsFunctions) is { } functions)
        {
            throw new CommandException(ExitCode.Usage, $"{functions.Id} is at Twilio, which would be sent the token, and {server} ({Target.Source}) "
                + "makes it. Nothing was done. Use --twilio, or take that destination out of the plan.");
        }
    }

    public RotationPlan Plan { get; }

    public Sourced PlanSource { get; }

    public IReadOnlyList<PlannedDestination> Destinations { get; }

    public Sourced Sid { get; }

    public Sourced Target { get; }

    public Sourced State => StateOf(_parsed.GetValue(_options.State));

    public string? Region => GivenRegion.Value;

    public string? Edge => GivenEdge.Value;

    private Sourced GivenRegion => Given(_options.Region, "TWILIO_REGION", _profile?.Region) with { Name = "region" };

    private Sourced GivenEdge => Given(_options.Edge, "TWILIO_EDGE", _profile?.Edge) with { Name = "edge" };

    /// <summary>The user's own configuration, with the profiles.</summary>
    private static string ConfigurationFile => Path.Combine(
        Variable("XDG_CONFIG_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"), "tandem", "config.toml");

    /// <summary>The profile as a source.</summary>
    private string ProfileSource => $"profile {_profile?.Name}";

    /// <summary>The destinations as they are for one account of many: <c>{sid}</c> and the plan's labels in their names are the account's.</summary>
    public IReadOnlyList<PlannedDestination> DestinationsFor(AccountSid sid) => With(
        Plan.Source is { } file ? PlanFile.Read(file, _twilio, $"{sid}").Destinations : [],
        (_parsed.GetValue(_options.Dotenv) ?? []).Select(path => path.Replace("{sid}", $"{sid}", StringComparison.Ordinal)));

    /// <summary>The account, or the refusal that there is none.</summary>
    public string NeedSid() => Sid.Value ?? throw new CommandException(ExitCode.Usage,
        "Which account? Nothing was done. Name it: tandem rotate AC…, or set TWILIO_ACCOUNT_SID, or sid in the plan's [account].");

    /// <summary>Who makes the tokens.</summary>
    public Issuer CreateIssuer()
    {
        if (Target.Value is null)
        {
            throw new CommandException(ExitCode.Usage, "Who makes the tokens? Nothing was done. Name a Tandem server: --server http://127.0.0.1:7420 — or Twilio: --twilio");
        }

        return Target.Value is "twilio" ? Issuer.Twilio(Region, Edge) : Issuer.Tandem(new(Target.Value));
    }

    /// <summary>The token in force; null when none was given, which an unfinished rotation may do without.</summary>
    public (HeldToken? Token, string Source) ReadToken()
    {
        var (text, source) = ReadTokenText();
        if (text is null)
        {
            return Environment.GetEnvironmentVariable("TWILIO_API_KEY") is { Length: > 0 }
                ? throw new CommandException(ExitCode.Usage, "TWILIO_API_KEY is set, and tokens are changed with the Auth Token alone: API keys may not. Nothing was done. Set TWILIO_AUTH_TOKEN, or name a file: --token-file FILE")
                : (null, Sourced.Nowhere);
        }

        return (HeldToken.Read(NeedSid(), text, source), source);
    }

    /// <summary>Everything as it came out, for people.</summary>
    public IReadOnlyList<Sourced> Shown()
    {
        var (token, tokenSource) = Sid.Value is null ? (null, "not read without an account") : ReadToken();
        return
        [
            PlanSource,
            new("profile", _profile?.Name, _profile is null ? Sourced.Nowhere : $"{(_profileIsFlag ? "--profile" : "TANDEM_PROFILE")}, {_profile.Source}"),
            Sid,
            Target,
            GivenRegion,
            GivenEdge,
            new("token", token is null ? null : $"fingerprint {token}", tokenSource),
            State,
            new("watch.require", Plan.Watch.Require.ToString().ToLowerInvariant(), Plan.Source is null ? "default" : "plan"),
            new("watch.soak", Plan.Watch.Soak is { } soak ? Durations.Show(soak) : Target.Value is "twilio" ? "10 min" : "0", Plan.Watch.Soak is null ? "default" : "plan"),
            .. Destinations.Select(d => new Sourced("destination", d.Id, Plan.Destinations.Contains(d) ? "plan" : "--dotenv")),
        ];
    }

    /// <summary>The directory of unfinished rotations, opened.</summary>
    public static StateDirectory OpenState(string? flag)
    {
        var passphrase = SecretInput.FromEnvironment("TANDEM_STATE_PASSPHRASE")?.Text;
        try
        {
            return new(StateOf(flag).Value!, passphrase);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"Unfinished rotations cannot be remembered: {e.Message} Nothing was done. Name another directory: --state DIR", e);
        }
    }

    private static IReadOnlyList<PlannedDestination> With(IReadOnlyList<PlannedDestination> planned, IEnumerable<string> envFiles) =>
        [.. planned, .. envFiles.Select(RotationPlan.Dotenv).Where(d => planned.All(p => !string.Equals(p.Id, d.Id, StringComparison.Ordinal)))];

    public static Sourced StateOf(string? flag)
    {
        if (flag is { Length: > 0 })
        {
            return new("state", Path.GetFullPath(flag), "--state");
        }

        if (Variable("TANDEM_STATE") is { } own)
        {
            return new("state", Path.GetFullPath(own), "TANDEM_STATE");
        }

        return Variable("XDG_STATE_HOME") is { } xdg ? new("state", Path.Combine(xdg, "tandem"), "XDG_STATE_HOME")
            : new("state", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "tandem"), "default");
    }

    private (RotationPlan Plan, Sourced Source) ReadPlan()
    {
        if (_parsed.GetValue(_options.Config) is { Length: > 0 } named)
        {
            return (PlanFile.Read(named, _twilio, GivenSid()), new("plan", Path.GetFullPath(named), "--config"));
        }

        if (Variable("TANDEM_CONFIG") is { } set)
        {
            return (PlanFile.Read(set, _twilio, GivenSid()), new("plan", Path.GetFullPath(set), "TANDEM_CONFIG"));
        }

        var here = Path.GetFullPath("tandem.toml");
        return File.Exists(here) ? (PlanFile.Read(here, _twilio, GivenSid()), new("plan", here, "working directory")) : (new(), new("plan", null, Sourced.Nowhere));
    }

    private TwilioAddresses Twilio()
    {
        try
        {
            return TwilioAddresses.Twilio(Region, Edge);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, $"{e.Message} Nothing was done.", e);
        }
    }

    /// <summary>The account, where it is named outside the plan: what the plan says of its places is then its own.</summary>
    private string? GivenSid() =>
        AccountSid.TryParse((_parsed.GetValue(_options.Sid) ?? Variable("TWILIO_ACCOUNT_SID")).AsSpan(), out var sid) ? sid.ToString() : null;

    private Sourced ReadSid()
    {
        var all = new List<Sourced>();
        Add(_parsed.GetValue(_options.Sid), "argument");
        var ofProfile = _profileIsFlag ? _profile?.AccountSid : null;
        Add(ofProfile, ProfileSource);
        Add(ofProfile is null ? Variable("TWILIO_ACCOUNT_SID") : null, "TWILIO_ACCOUNT_SID");
        Add(Plan.AccountSid, "plan");
        Add(all.Count == 0 ? _profile?.AccountSid : null, ProfileSource);
        Add(all.Count == 0 ? _standing.Sid : null, _standsIn);

        // The destinations belong to one account: another's token in them would be an outage, so nothing is guessed here.
        return all.Find(s => !string.Equals(s.Value, all[0].Value, StringComparison.Ordinal)) is { } other
            ? throw new CommandException(ExitCode.Usage, $"Two accounts are named: {all[0].Value} ({all[0].Source}) and {other.Value} ({other.Source}). Nothing was done. Keep one.")
            : all.FirstOrDefault() ?? new("account", null, Sourced.Nowhere);

        void Add(string? value, string source)
        {
            if (value is null)
            {
                return;
            }

            all.Add(AccountSid.TryParse(value.AsSpan(), out var sid) ? new("account", sid.ToString(), source)
                : throw new CommandException(ExitCode.Usage, $"{source} names no account: {Commands.TokenCommand.WhyNoSid(value)} Nothing was done."));
        }
    }

    private Sourced ReadTarget()
    {
        var (flag, twilio) = (_parsed.GetValue(_options.Server), _parsed.GetValue(_options.Twilio));
        if (flag is not null && twilio)
        {
            throw new CommandException(ExitCode.Usage, "Both --server and --twilio are given. Nothing was done. Keep one.");
        }

        var target = twilio ? new Sourced("server", "twilio", "--twilio")
            : flag is not null ? new("server", flag, "--server")
            : _profileIsFlag && _profile?.Server is { } named ? new("server", named, ProfileSource)
            : Variable("TANDEM_SERVER") is { } variable ? new("server", variable, "TANDEM_SERVER")
            : Plan.Server is { } planned ? new("server", planned, "plan")
            : new("server", _profile?.Server, _profile?.Server is null ? Sourced.Nowhere : ProfileSource);
        if (target.Value is null or "twilio")
        {
            return target;
        }

        if (AddressOf(target.Value) is not { } address)
        {
            throw new CommandException(ExitCode.Usage, $"{target.Source} is not a server address (http://host:port or https://host[:port]). Nothing was done.");
        }

        // Loopback is never reached through a proxy. Anything else leaves the machine, whatever NO_PROXY says.
        return address.Scheme is "https" || address.IsLoopback || _parsed.GetValue(_options.PlainHttp) ? target with { Value = address.GetLeftPart(UriPartial.Authority) }
            : throw new CommandException(ExitCode.Usage, $"{target.Source} names {address.GetLeftPart(UriPartial.Authority)}: without TLS, the "
                + "network and any proxy in it can read the token. Nothing was sent. Use https, or accept that with --plain-http");
    }

    /// <summary>The address of a server; null if the text is not one.</summary>
    private static Uri? AddressOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.PathAndQuery is "/" ? url : null;

    private (string? Text, string Source) ReadTokenText()
    {
        if (_parsed.GetValue(_options.TokenStdin))
        {
            return (string.Join('\n', SecretInput.LinesOfStandardInput()), "--token-stdin");
        }

        if (_parsed.GetValue(_options.TokenFile) is { Length: > 0 } named)
        {
            return (SecretInput.FromFile(named, "--token-file"), $"--token-file {named}");
        }

        var found = (_profileIsFlag ? ReadProfileToken() : null)
            ?? SecretInput.FromEnvironment(TokenVariable)
            ?? (Plan.TokenFile is { } file ? (SecretInput.FromFile(file, "token_file"), $"plan, {file}") : ReadProfileToken());
        return found is (var text, var source) ? (text, source) : _standing.Token is { } standing ? (standing, _standsIn) : (null, Sourced.Nowhere);
    }

    private (string Text, string Source)? ReadProfileToken()
    {
        if (_profile is not ({ TokenFile: not null } or { TokenCommand: not null }))
        {
            return null;
        }

        NeedServerOfProfile(_profile);
        return _profile.TokenFile is { } file ? (SecretInput.FromFile(file, "token_file"), $"{ProfileSource}, {file}")
            : (_profile.TokenCommand!.Read(), $"{ProfileSource}, token_command {_profile.TokenCommand}");
    }

    /// <summary>A profile's token goes to that profile's server alone, whatever a plan, a variable or a flag names. Looked at before the token is read.</summary>
    private void NeedServerOfProfile(Profile profile)
    {
        const string how = "Nothing was sent. Give the other server's token by --token-file or --token-stdin, or use a profile of its own: --profile NAME";
        if (profile.Server is { } own)
        {
            if (Target.Value is { } target && !string.Equals(target, AddressOf(own)?.GetLeftPart(UriPartial.Authority) ?? own, StringComparison.Ordinal))
            {
                throw new CommandException(ExitCode.Usage, $"The token of profile '{profile.Name}' is for {own} alone, and {Target.Source} names {target}. {how}");
            }
        }
        else if (Target.Source is "plan" || (Target.Value is null && Destinations.Any(d => d.IsFunctions)))
        {
            throw new CommandException(ExitCode.Usage, $"The profile '{profile.Name}' names no server, and a plan alone does not decide where its "
                + "token is sent. Nothing was sent. Add server = \"…\" to the profile, or give --server URL or --twilio");
        }
    }

    private Sourced Given(Option<string> option, string variable, string? ofProfile) =>
        _parsed.GetValue(option) is { Length: > 0 } flag ? new(option.Name, flag, option.Name)
        : _profileIsFlag && ofProfile is not null ? new(option.Name, ofProfile, ProfileSource)
        : Variable(variable) is { } value ? new(option.Name, value, variable)
        : ofProfile is not null ? new(option.Name, ofProfile, ProfileSource)
        : new(option.Name, null, Sourced.Nowhere);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
