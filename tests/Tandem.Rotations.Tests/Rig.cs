using System.Collections.Concurrent;
using Tandem.Rotations.Destinations;
using Tandem.Testing;

namespace Tandem.Rotations.Tests;

/// <summary>A server with an account, an env file that holds the account's token, and a place to remember rotations.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly string _home;
    private readonly TimeProvider _time;

    private Rig(TestTandem server, TimeProvider time, string home)
    {
        (Server, _time, _home) = (server, time, home);
        Env = Path.Combine(_home, ".env");
        File.WriteAllText(Env, $"APP=billing\nTWILIO_ACCOUNT_SID={Sid}\nTWILIO_AUTH_TOKEN=\"{server.Account.Token}\" # ours\nLAST=1\n");
        States = new(Path.Combine(_home, "state"));
    }

    public TestTandem Server { get; }

    public string Sid => Server.Account.Sid;

    public string Env { get; }

    public StateDirectory States { get; set; }

    /// <summary>What carries requests to the server; null for the usual.</summary>
    public Func<HttpMessageHandler>? Handler { get; set; }

    /// <summary>What is answered to each question.</summary>
    public Func<RotationQuestion, bool> Answer { get; set; } = _ => true;

    public ConcurrentQueue<RotationEvent> Events { get; } = new();

    public ConcurrentQueue<RotationQuestion> Questions { get; } = new();

    /// <summary>The token that the env file holds.</summary>
    public string EnvToken => Value("TWILIO_AUTH_TOKEN")!;

    public HeldToken First => HeldToken.Read(Sid, Server.Account.Token, "the test");

    public RotationEngine Engine => EngineOf(States);

    /// <summary>The same on another machine, which remembers nothing of rotations here.</summary>
    public RotationEngine Other() => EngineOf(new(PathOf("elsewhere")));

    private RotationEngine EngineOf(StateDirectory states) => new(states, new()
    {
        Report = Events.Enqueue,
        Ask = (question, _) =>
        {
            Questions.Enqueue(question);
            return Task.FromResult(Answer(question));
        },
        Time = _time,
    });

    /// <summary>Starts the server. Where thousands of rotations are made, their files may lie in memory: they are synced many times each.</summary>
    public static async Task<Rig> StartAsync(TimeProvider? time = null, bool inMemory = false, TimeSpan? quietTime = null, bool recoverable = false) => new(
        await TestTandem.StartAsync(new()
        {
            // Retired tokens are tried on and on: each answer shall be about the token.
            Options = o => o with { ThrottleAccount = new(1_000_000, 1_000_000), ThrottleSource = new(1_000_000, 1_000_000), QuietTime = quietTime ?? o.QuietTime, RecoverableTokens = recoverable },
        }),
        time ?? TimeProvider.System,
        inMemory && Directory.Exists("/dev/shm")
            ? Directory.CreateDirectory(Path.Combine("/dev/shm", $"tandem-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(10)}")).FullName
            : Directory.CreateTempSubdirectory("tandem-").FullName);

    public string PathOf(string name) => Path.Combine(_home, name);

    /// <summary>The value of a key in the env file, read by the simplest of parsers.</summary>
    public string? Value(string key) => File.ReadAllLines(Env).LastOrDefault(l => l.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..].Split(" #")[0].Trim('"');

    /// <summary>A rotation into the env file that waits for nothing.</summary>
    public RotationRequest Request(params PlannedDestination[] destinations) => new()
    {
        AccountSid = AccountSid.Parse(Sid),
        Issuer = Issuer.Tandem(Server.Address, Handler),
        Token = First,
        Destinations = destinations is { Length: > 0 } ? destinations : [RotationPlan.Dotenv(Env)],
        Watch = new() { Require = WatchRequirement.None, Soak = TimeSpan.Zero },
        StartedBy = "test",
        Poll = TimeSpan.FromMilliseconds(5),
        ProofLimit = TimeSpan.Zero,
    };

    /// <summary>The same against Twilio, whose part the server plays: nothing beside Twilio's paths is asked.</summary>
    public RotationRequest OnTwilio(params PlannedDestination[] destinations) =>
        Request(destinations) with { Issuer = Issuer.Twilio(handler: () => new ToServer(Server.Address, Handler?.Invoke() ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero })) };

    public RotationPlan Plan(string toml, Client.TwilioAddresses? twilio = null)
    {
        var file = PathOf("tandem.toml");
        File.WriteAllText(file, toml);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite); // whatever this user's umask is
        return PlanFile.Read(file, twilio);
    }

    public string Script(string name, string body)
    {
        var path = PathOf(name);
        File.WriteAllText(path, "#!/bin/sh\n" + body);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    public async Task<int> CheckAsync(string token) =>
        (await Server.SendAsync("GET", $"/2010-04-01/Accounts/{Sid}.json", r => r.As(new(Sid, token)))).Status;

    /// <summary>Whether the account has a secondary; asked with a token that works.</summary>
    public async Task<bool> HasSecondaryAsync(string token)
    {
        var tokens = await Server.SendAsync("GET", $"/tandem/v1/accounts/{Sid}/tokens", r => r.As(new(Sid, token)));
        return tokens.Json.GetProperty("secondary").ValueKind != System.Text.Json.JsonValueKind.Null;
    }

    public async Task<string> CreateSecondaryElsewhereAsync() =>
        (await Server.SendAsync("POST", "/v1/AuthTokens/Secondary")).Text("secondary_auth_token")!;

    /// <summary>The state that is kept; null for none.</summary>
    public RotationState? State() => States.List().SingleOrDefault();

    public bool HasState() => Directory.EnumerateFiles(States.Path, "*.state").Any();

    /// <summary>Everything that was said, written or asked, to look for what must not be in it.</summary>
    public string EverythingSaid() =>
        string.Join('\n', Events.Select(e => $"{e} {e.Text}")) + string.Join('\n', Questions.Select(q => q.Text + string.Join('\n', q.InTheWay)))
        + string.Join('\n', Directory.EnumerateFiles(States.Path).Select(File.ReadAllText));

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    private sealed class ToServer(Uri server, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new(server, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
