using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tandem.Client;
using Tandem.Rotations.Destinations;
using Tandem.Rotations.Fleets;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Rotations at a server or a cluster that lies: nothing is written outside the plan's places, and nothing but tokens into them.</summary>
public sealed class HostileServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> WrongTokens =>
    [
        "x\nPATH=/tmp\n$(touch pwned)", "x\rA=1", "x\u0085A=1", "x\u2028A=1",
        "$(id)", "`id`", "a'b", "a\"b", "a\\", "a b", "a#b", "a\0b", "", "é", "\ud83d\ude00", new string('a', 129),
    ];

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task A_token_that_is_none_reaches_no_env_file(string token)
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time);
        var before = await File.ReadAllTextAsync(rig.Env, Cancel);
        foreach (var request in (Func<RotationRequest>[])[() => rig.Request(), () => rig.OnTwilio()])
        {
            rig.Handler = () => new Lie("/v1/AuthTokens/Secondary", answer => answer["secondary_auth_token"] = token);
            await Assert.ThrowsAsync<RotationException>(() => time.RunAsync(() => rig.Engine.RotateAsync(request(), Cancel)));
            Assert.Equal(before, await File.ReadAllTextAsync(rig.Env, Cancel));
            rig.Handler = null;
            await rig.Engine.AbortAsync(request() with { ReplaceSecondary = true }, Cancel);
            Assert.Equal(before, await File.ReadAllTextAsync(rig.Env, Cancel));
        }
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("/etc/cron.d/outside")]
    [InlineData("AC0000000000000000000000000000000a/../../outside")]
    [InlineData("AC000000000000000000000000000000ab\n")]
    [InlineData("AC00000000000000000000000000000\u0130ab")]
    [InlineData("--all")]
    [InlineData("")]
    public async Task A_subaccount_whose_SID_is_none_is_in_no_path(string sid)
    {
        await using var rig = await Rig.StartAsync();
        await AddSubaccountAsync(rig);
        var before = Files(rig);
        var named = new List<string>();
        rig.Handler = () => new Lie("/2010-04-01/Accounts.json", page => page["accounts"]![0]!["sid"] = sid);

        await Assert.ThrowsAsync<RotationException>(() => FleetOf(rig).RotateAsync(Fleet(rig, named), Cancel));

        Assert.Empty(named);
        Assert.Equal(before, Files(rig).Where(f => !f.Contains("/state/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Two_spellings_of_a_SID_are_one_account_with_one_state()
    {
        await using var rig = await Rig.StartAsync();
        var sid = await AddSubaccountAsync(rig);
        var named = new List<string>();
        rig.Handler = () => new Lie("/2010-04-01/Accounts.json", page =>
        {
            var twice = page["accounts"]![0]!.DeepClone();
            twice["sid"] = $"AC{sid[2..].ToUpperInvariant()}";
            page["accounts"]!.AsArray().Add(twice);
        });

        var report = await FleetOf(rig).RotateAsync(Fleet(rig, named), Cancel);

        Assert.Equal([sid], named);
        Assert.Equal(sid, Assert.Single(report.Accounts).AccountSid);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("AC1")]
    public void A_plan_is_filled_with_nothing_but_a_SID(string sid) =>
        Assert.Throws<FormatException>(() => PlanFile.Read("absent.toml", accountSid: sid));

    [Theory]
    [InlineData("""{"metadata": {"name": "twilio", "resourceVersion": "1"}, "data": {"TWILIO_AUTH_TOKEN": "%%%"} }""")]
    [InlineData("""{"metadata": {"name": "twilio"}, "data": {"TWILIO_AUTH_TOKEN": null} }""")]
    [InlineData("""{"metadata": {"name": "--kubeconfig=x"}, "data": {} }""")]
    [InlineData("""{"metadata": null, "data": {} }""")]
    [InlineData("""{"items": [{"metadata": {"name": "--all"} }], "metadata": {"name": "twilio"}, "data": {} }""")]
    [InlineData("""{"items": [null], "metadata": {"name": "twilio"}, "data": {} }""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_cluster_that_answers_nonsense_is_a_problem_and_no_fault(string answer)
    {
        await using var rig = await Rig.StartAsync();
        await File.WriteAllTextAsync(rig.PathOf("answer"), answer, Cancel);
        var found = await KubernetesAsync(rig, "case \"$*\" in *--raw*) cat answer;; esac");
        Assert.Contains("cannot be read", Assert.Single(found.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_answers_without_end_is_given_up_and_its_words_are_one_line()
    {
        await using var rig = await Rig.StartAsync();
        var endless = await KubernetesAsync(rig, "head -c 50000000 /dev/zero | tr '\\0' x");
        Assert.Contains("larger than 8 MiB", Assert.Single(endless.Problems), StringComparison.Ordinal);
        var problem = Assert.Single((await KubernetesAsync(rig, "printf 'Error (NotFound): a\\nb\\033[2J' >&2; exit 1")).Problems);
        Assert.Equal(WireText.Line(problem), problem);
    }

    [Fact]
    public async Task A_hook_that_prints_without_end_is_shown_in_part_and_takes_no_memory_for_it()
    {
        await using var rig = await Rig.StartAsync();
        var script = rig.Script("hook", "head -c 200000000 /dev/zero | tr '\\0' x; exit 1\n");
        var before = GC.GetTotalAllocatedBytes();
        var hook = new Hook([script], TimeSpan.FromSeconds(30), null);
        var delivery = new Delivery(new(null, rig.First), rig.Sid, "test", []);
        var failed = await Assert.ThrowsAsync<RotationException>(() => hook.RunAsync("deliver", delivery, Cancel));
        Assert.InRange(failed.Message.Length, 1, 200_000);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1_000_000_000);
    }

    private static Task<Inspection> KubernetesAsync(Rig rig, string script) => Assert.Single(rig.Plan($"""
        [[destination]]
        type = "kubernetes"
        secret = "billing/twilio"
        kubectl = ["{rig.Script("kubectl", script + "\n")}"]
        """).Destinations).InspectAsync(rig.First, Cancel);

    private static Fleet FleetOf(Rig rig) => new(rig.States, new() { Report = rig.Events.Enqueue, Ask = (_, _) => Task.FromResult(true) });

    private static FleetRequest Fleet(Rig rig, List<string> named) => new()
    {
        Issuer = Issuer.Tandem(rig.Server.Address, rig.Handler),
        Parent = rig.First,
        Selection = FleetSelection.Parse([], []),
        StartedBy = "test",
        RequestFor = member =>
        {
            named.Add($"{member.Sid}");
            var file = rig.PathOf($"{member.Sid}.env");
            File.WriteAllText(file, "APP=x\n");
            return rig.Request(RotationPlan.Dotenv(file)) with { AccountSid = member.Sid, Token = null, Parent = rig.First };
        },
    };

    private static async Task<string> AddSubaccountAsync(Rig rig) =>
        (await rig.Server.SendAsync("POST", "/2010-04-01/Accounts.json", r => r.Form(("FriendlyName", "Sub")))).Text("sid")!;

    /// <summary>Everything beside the rig's home as well: what leaves it would lie there.</summary>
    private static List<string> Files(Rig rig)
    {
        var home = rig.PathOf("");
        var above = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(home))!;
        return [.. Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories), .. Directory.EnumerateFiles(above, "outside*")];
    }

    /// <summary>Changes what the server answers on one path.</summary>
    private sealed class Lie(string path, Action<JsonNode> change)
        : DelegatingHandler(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero })
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (request.RequestUri!.AbsolutePath == path && answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.NoContent)
            {
                var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!;
                change(json);
                answer.Content = new StringContent(json.ToJsonString(), Encoding.UTF8, "application/json");
            }

            return answer;
        }
    }
}
