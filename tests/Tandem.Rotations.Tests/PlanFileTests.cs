using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>What may stand in tandem.toml, and what is told when something may not.</summary>
public sealed class PlanFileTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void A_whole_plan_is_read_with_paths_from_its_own_folder()
    {
        var plan = Read("""
            [account]
            sid = "AC00000000000000000000000000000001"
            server = "https://tandem.internal"
            token_file = "token"

            [watch]
            soak = "90s"
            require = "known"

            [[destination]]
            type = "dotenv"
            path = "billing/.env"
            set = { TWILIO_AUTH_TOKEN = "new", TWILIO_AUTH_TOKEN_ALT = "old" }
            after = ["systemctl", "reload", "billing"]
            verify = ["curl", "-fsS", "http://127.0.0.1:8080/health"]
            webhooks = true

            [[destination]]
            type = "command"
            name = "vault"
            run = ["./push.sh", "--to", "vault"]
            timeout = "5m"
            """);

        Assert.Equal(("AC00000000000000000000000000000001", "https://tandem.internal", Path.Combine(_home, "token")), (plan.AccountSid, plan.Server, plan.TokenFile));
        Assert.Equal((TimeSpan.FromSeconds(90), WatchRequirement.Known), (plan.Watch.Soak, plan.Watch.Require));
        Assert.Equal([$"dotenv {_home}/billing/.env", "command vault"], plan.Destinations.Select(d => d.Id));
        Assert.Equal((true, true, true), (plan.Destinations[0].HoldsBoth, plan.Destinations[0].HasCheck, plan.Destinations[0].ReceivesWebhooks));
    }

    [Fact]
    public void Places_are_filled_in_for_one_account_of_many_and_other_braces_stay()
    {
        const string toml = """
            [[subaccount]]
            sid = "AC0000000000000000000000000000000A"
            labels = { tier = "gold", box = "eu-1" }
            [[subaccount]]
            sid = "AC0000000000000000000000000000000b"
            labels = { tier = "tin" }
            [[destination]]
            type = "dotenv"
            path = "{tier}/{sid}.env"
            [[destination]]
            type = "command"
            run = ["ssh", "{box}", "{\"a\":1}", "{other}"]
            """;
        File.WriteAllText(Path.Combine(_home, "many.toml"), toml);
        var path = Path.Combine(_home, "many.toml");

        var gold = PlanFile.Read(path, accountSid: "AC0000000000000000000000000000000a");

        Assert.Equal([$"dotenv {_home}/gold/AC0000000000000000000000000000000a.env", "command ssh eu-1 {\"a\":1} {other}"], gold.Destinations.Select(d => d.Id.Replace("'", "", StringComparison.Ordinal)));
        Assert.Equal("tin", gold.Labels["AC0000000000000000000000000000000b"]["tier"]);
        Assert.Equal($"dotenv {_home}/{{tier}}/{{sid}}.env", PlanFile.Read(path).Destinations[0].Id);
        var wrong = Assert.Throws<RotationException>(() => PlanFile.Read(path, accountSid: "AC0000000000000000000000000000000b"));
        Assert.Contains("{box} is a label that AC0000000000000000000000000000000b does not have", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_with_the_nearest_name()
    {
        var wrong = Wrong("""
            [acount]
            [watch]
            soak = "soon"
            require = "most"
            [[destination]]
            type = "dotenv"
            pth = ".env"
            set = { "1X" = "new", Y = "newest" }
            after = "systemctl reload"
            [[destination]]
            type = "comand"
            [[destination]]
            path = "x"
            [[destination]]
            type = "command"
            """);

        foreach (var told in new[]
        {
            "there is no 'acount'. Did you mean account?", "soak is a time", "require is \"all\", \"known\" or \"none\"", "there is no 'pth'. Did you mean path?",
            "'1X' is no name of a variable", "Y is set to \"new\" or \"old\"", "nothing in its set gets the \"new\" token", "path is missing", "after is an array of strings",
            "there is no type 'comand'. Did you mean command?", "destination 3: type is missing", "destination 4: run is missing",
        })
        {
            Assert.Contains(told, wrong, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_Secret_of_one_name_in_two_clusters_is_two_destinations_and_Functions_are_known_by_service_and_environment()
    {
        var plan = Read("""
            [[destination]]
            type = "kubernetes"
            secret = "prod/twilio"
            kubectl = ["kubectl", "--context", "east"]
            [[destination]]
            type = "kubernetes"
            secret = "prod/twilio"
            kubectl = ["kubectl", "--context=west"]
            restart = ["deploy/billing", "sts/sms", "daemonset/relay"]
            [[destination]]
            type = "kubernetes"
            secret = "prod/twilio"
            restart = "none"
            set = { "auth.token" = "new", auth-token-alt = "old" }
            [[destination]]
            type = "twilio-functions"
            service = "billing"
            environment = "production"
            """);

        Assert.Equal(["kubernetes east/prod/twilio", "kubernetes west/prod/twilio", "kubernetes prod/twilio", "twilio-functions billing/production"], plan.Destinations.Select(d => d.Id));
        Assert.Equal([false, false, true, false], plan.Destinations.Select(d => d.HoldsBoth));
        Assert.Equal([false, false, false, true], plan.Destinations.Select(d => d.IsFunctions));
    }

    [Fact]
    public void What_is_wrong_with_a_Secret_or_a_Function_is_told()
    {
        var wrong = Wrong("""
            [[destination]]
            type = "kubernetes"
            [[destination]]
            type = "kubernetes"
            secret = "Prod/twilio/x"
            kubectl = "kubectl"
            [[destination]]
            type = "kubernetes"
            secret = "prod/twilio"
            restart = ["cronjob/nightly"]
            set = { "a b" = "new" }
            [[destination]]
            type = "kubernetes"
            secret = "prod/../x"
            restart = "billing"
            [[destination]]
            type = "twilio-functions"
            sevice = "ZS"
            [[destination]]
            type = "kubernets"
            """);

        foreach (var told in new[]
        {
            "destination 1: secret is missing: namespace/name", "destination 2: secret is namespace/name", "destination 2: kubectl is an array", "destination 3: restart is \"auto\", \"none\" or an array",
            "destination 3: 'a b' is no name", "destination 4: secret is namespace/name", "destination 4: restart is", "destination 5: there is no 'sevice'. Did you mean service?",
            "destination 5: service is missing", "destination 5: environment is missing", "there is no type 'kubernets'. Did you mean kubernetes?",
        })
        {
            Assert.Contains(told, wrong, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("[account\n", "is no TOML")]
    [InlineData("[destination]\ntype = \"dotenv\"\n", "with two brackets")]
    [InlineData("[[destination]]\ntype = \"dotenv\"\npath = \"a\"\n[[destination]]\ntype = \"dotenv\"\npath = \"./a\"\n", "stands there 2 times")]
    public void Mistakes_of_form_are_told(string text, string told) => Assert.Contains(told, Wrong(text), StringComparison.Ordinal);

    [Fact]
    public void A_plan_that_is_not_there_is_told() =>
        Assert.Equal(RotationFailure.Usage, Assert.Throws<RotationException>(() => PlanFile.Read(Path.Combine(_home, "absent.toml"))).Failure);

    [Theory]
    [InlineData("250ms", 0.25)]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    [InlineData("0", 0)]
    public void Times_are_read(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var time));
        Assert.Equal(seconds, time.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("m")]
    [InlineData("-1s")]
    [InlineData("1.5h")]
    [InlineData("9999999s")]
    [InlineData("10 m")]
    public void What_is_no_time_is_none(string text) => Assert.False(Durations.TryParse(text, out _));

    private RotationPlan Read(string text)
    {
        var file = Path.Combine(_home, "tandem.toml");
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return PlanFile.Read(file);
    }

    private string Wrong(string text)
    {
        var refused = Assert.Throws<RotationException>(() => Read(text));
        Assert.Equal(RotationFailure.Usage, refused.Failure);
        return refused.Message;
    }
}
