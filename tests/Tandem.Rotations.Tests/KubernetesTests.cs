using Tandem.Rotations.Destinations;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>A Kubernetes Secret and those who read it, by real kubectl against a stand-in of the API server.</summary>
public sealed class KubernetesTests : IAsyncLifetime
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string OldText = "0123456789abcdef0123456789abcdef";
    private const string NewText = "fedcba9876543210fedcba9876543210";

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;
    private ClusterStandIn _cluster = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static HeldToken Old => HeldToken.Read(Sid, OldText, "the test");

    private static HeldToken New => HeldToken.Read(Sid, NewText, "the test");

    public async ValueTask InitializeAsync()
    {
        _cluster = await ClusterStandIn.StartAsync();
        _cluster.WriteConfig(Path.Combine(_home, "kubeconfig"));
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task A_delivery_sets_the_keys_restarts_who_reads_them_and_waits_until_their_pods_are_new()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText), ("OTHER", "stays"));
        _cluster.AddWorkload("deployment", "billing");
        _cluster.AddWorkload("statefulset", "sms");
        _cluster.AddWorkload("daemonset", "relay");
        _cluster.AddWorkload("deployment", "registry", secret: "registry");
        var destination = Plan("""set = { TWILIO_AUTH_TOKEN = "new", TWILIO_AUTH_TOKEN_ALT = "old" }""");
        var found = await destination.InspectAsync(Old, Cancel);

        var done = await destination.DeliverAsync(Delivery(found), Cancel);

        Assert.Equal("2 keys set, restarted deployment/billing, statefulset/sms, daemonset/relay", done);
        Assert.Equal(
            [("OTHER", "stays"), ("TWILIO_AUTH_TOKEN", NewText), ("TWILIO_AUTH_TOKEN_ALT", OldText)],
            _cluster.Values().Select(v => (v.Key, v.Value)).Order());
        Assert.Equal(New.Fingerprint, Annotation("deployment", "billing", "tandem/token-fingerprint"));
        Assert.Matches("^20..-..-..T..:..:..Z$", Annotation("deployment", "billing", "kubectl.kubernetes.io/restartedAt"));
        Assert.Null(Annotation("deployment", "registry", "tandem/token-fingerprint"));
        Assert.Equal("secrets/twilio by tandem as application/merge-patch+json", _cluster.Changes.First());
        Assert.Contains("deployments/billing by tandem as application/strategic-merge-patch+json", _cluster.Changes);
        await destination.VerifyAsync(Delivery(found), Cancel);

        Assert.Equal("TWILIO_AUTH_TOKEN_ALT taken out", await destination.TidyAsync(Delivery(found), Cancel));
        Assert.Equal(["OTHER", "TWILIO_AUTH_TOKEN"], _cluster.Values().Keys.Order());
        Assert.Equal(5, _cluster.Changes.Count); // tidying restarts nobody
    }

    [Fact]
    public async Task A_delivery_that_is_repeated_changes_nothing_and_restarts_nobody_again()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing");
        var destination = Plan("""restart = ["deploy/billing"]""");
        await destination.DeliverAsync(Delivery(), Cancel);
        var changes = _cluster.Changes.Count;

        Assert.Equal("already set, restarted deployment/billing", await destination.DeliverAsync(Delivery(), Cancel));

        Assert.Equal((2, 2), (changes, _cluster.Changes.Count));
    }

    [Fact]
    public async Task What_is_taken_back_is_as_before_and_who_reads_it_restarts_again()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText), ("ALT", ""));
        _cluster.AddWorkload("deployment", "billing");
        var destination = Plan("""set = { TWILIO_AUTH_TOKEN = "new", ALT = "old", ADDED = "old" }""");
        var delivery = Delivery(await destination.InspectAsync(Old, Cancel));
        await destination.DeliverAsync(delivery, Cancel);
        Assert.Equal((OldText, OldText), (_cluster.Values()["ALT"], _cluster.Values()["ADDED"]));

        await destination.RollBackAsync(delivery, Cancel);

        Assert.Equal([("ALT", ""), ("TWILIO_AUTH_TOKEN", OldText)], _cluster.Values().Select(v => (v.Key, v.Value)).Order());
        Assert.Equal(Old.Fingerprint, Annotation("deployment", "billing", "tandem/token-fingerprint"));
    }

    [Fact]
    public async Task A_change_that_somebody_makes_in_between_is_kept_and_the_patch_is_made_again()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText), ("OTHER", "1"));
        var faster = 2;
        _cluster.BeforePatch = () =>
        {
            if (faster-- > 0)
            {
                _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText), ("OTHER", $"changed {faster}"));
            }
        };

        await Plan("""restart = "none" """).DeliverAsync(Delivery(), Cancel);

        Assert.Equal(("changed 0", NewText), (_cluster.Values()["OTHER"], _cluster.Values()["TWILIO_AUTH_TOKEN"]));
    }

    [Fact]
    public async Task A_workload_is_taken_whatever_its_template_leaves_out()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing", """{"spec": {"template": {"metadata": null}}}""");

        Assert.Equal("1 key set, restarted deployment/billing", await Plan("").DeliverAsync(Delivery(), Cancel));
    }

    [Fact]
    public async Task Somebody_who_is_faster_every_time_is_told_of()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.BeforePatch = () => _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));

        var time = Hurried.CreateClock();
        var failed = await Assert.ThrowsAsync<RotationException>(() => time.RunAsync(() => Plan("").DeliverAsync(Delivery() with { Time = time }, Cancel)));

        Assert.Contains("was changed by somebody else each time, for 2 min", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"immutable": true}""", "is immutable")]
    [InlineData("""{"type": "kubernetes.io/service-account-token"}""", "writes itself")]
    [InlineData("""{"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}""", "is being deleted")]
    [InlineData("""{"metadata": {"ownerReferences": [{"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "twilio", "controller": true}]}}""", "managed by External Secrets (ExternalSecret twilio)")]
    [InlineData("""{"metadata": {"ownerReferences": [{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "twilio", "controller": true}]}}""", "managed by Sealed Secrets")]
    [InlineData("""{"metadata": {"ownerReferences": [{"apiVersion": "x/v1", "kind": "VaultStaticSecret", "name": "v"}]}}""", "managed by its owner (VaultStaticSecret v)")]
    [InlineData("""{"metadata": {"labels": {"reconcile.external-secrets.io/managed": "true"}}}""", "managed by External Secrets")]
    [InlineData("""{"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "app:/Secret:prod/twilio"}}}""", "managed by Argo CD")]
    [InlineData("""{"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}}""", "managed by Flux")]
    [InlineData("""{"metadata": {"annotations": {"meta.helm.sh/release-name": "billing"}, "labels": {"app.kubernetes.io/managed-by": "Helm"}}}""", "managed by Helm")]
    [InlineData("""{"metadata": {"labels": {"app.kubernetes.io/managed-by": "pulumi"}}}""", "kubectl label secret twilio app.kubernetes.io/managed-by-")]
    [InlineData("""{"metadata": {"managedFields": [{"manager": "argocd-controller", "operation": "Update", "fieldsV1": {"f:data": {"f:TWILIO_AUTH_TOKEN": {}}}}]}}""", "managed by argocd-controller (it has written TWILIO_AUTH_TOKEN)")]
    [InlineData("""{"metadata": {"managedFields": [{"manager": "deployer", "operation": "Apply", "fieldsV1": {"f:data": {"f:TWILIO_AUTH_TOKEN": {}}}}]}}""", "managed by deployer")]
    public async Task A_Secret_that_another_tool_would_overwrite_is_refused_before_and_at_the_delivery(string more, string told)
    {
        _cluster.AddSecret(more, ("TWILIO_AUTH_TOKEN", OldText));
        var destination = Plan("");

        var problem = Assert.Single((await destination.InspectAsync(Old, Cancel)).Problems);
        var failed = await Assert.ThrowsAsync<RotationException>(() => destination.DeliverAsync(Delivery(), Cancel));

        Assert.Contains(told, problem, StringComparison.Ordinal);
        Assert.Equal(problem, failed.Message);
        Assert.Empty(_cluster.Changes);
    }

    [Theory]
    [InlineData("""{"metadata": {"managedFields": [{"manager": "kubectl-create", "operation": "Update", "fieldsV1": {"f:data": {"f:TWILIO_AUTH_TOKEN": {}}}}]}}""")]
    [InlineData("""{"metadata": {"managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:data": {"f:TWILIO_AUTH_TOKEN": {}}}}]}}""")]
    [InlineData("""{"metadata": {"managedFields": [{"manager": "tandem", "operation": "Update", "fieldsV1": {"f:data": {"f:TWILIO_AUTH_TOKEN": {}}}}]}}""")]
    [InlineData("""{"metadata": {"managedFields": [{"manager": "argocd-controller", "operation": "Update", "fieldsV1": {"f:data": {"f:OTHER": {}}}}]}}""")]
    [InlineData("""{"metadata": {"labels": {"app": "billing"}, "annotations": {"note": "made by hand"}}}""")]
    public async Task A_Secret_that_people_have_written_is_taken(string more)
    {
        _cluster.AddSecret(more, ("TWILIO_AUTH_TOKEN", OldText));
        Assert.Empty((await Plan("").InspectAsync(Old, Cancel)).Problems);
    }

    [Theory]
    [InlineData("""{"metadata": {"annotations": {"reloader.stakater.com/auto": "true"}}}""")]
    [InlineData("""{"metadata": {"annotations": {"secret.reloader.stakater.com/auto": "true"}}}""")]
    [InlineData("""{"metadata": {"annotations": {"secret.reloader.stakater.com/reload": "other, twilio"}}}""")]
    public async Task Reloader_is_left_to_restart_who_asks_it_to_and_is_waited_for(string more)
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing", more);
        _cluster.AddWorkload("deployment", "sms");
        var destination = Plan("");

        Assert.Contains("deployment/billing is restarted by Reloader", (await destination.InspectAsync(Old, Cancel)).Changes);
        Assert.Equal("1 key set, restarted deployment/billing (by Reloader), deployment/sms", await destination.DeliverAsync(Delivery(), Cancel));

        Assert.Null(Annotation("deployment", "billing", "kubectl.kubernetes.io/restartedAt"));
        Assert.Equal("twilio", Annotation("deployment", "billing", "reloader.stakater.com/last-reloaded-from"));
        Assert.NotNull(Annotation("deployment", "sms", "kubectl.kubernetes.io/restartedAt"));
    }

    [Fact]
    public async Task A_Reloader_that_does_nothing_is_told_of_and_the_next_run_restarts_without_it()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing", """{"metadata": {"annotations": {"reloader.stakater.com/auto": "true"}}}""");
        _cluster.ReloaderRuns = false;
        var destination = Plan("timeout = \"250ms\"");

        var failed = await Assert.ThrowsAsync<RotationException>(() => destination.DeliverAsync(Delivery(), Cancel));
        Assert.Contains("Reloader has not restarted deployment/billing", failed.Message, StringComparison.Ordinal);

        await Plan("").DeliverAsync(Delivery(), Cancel);
        Assert.Equal(New.Fingerprint, Annotation("deployment", "billing", "tandem/token-fingerprint"));
    }

    [Fact]
    public async Task Pods_that_do_not_come_up_in_time_fail_the_delivery()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing");
        _cluster.PodsComeUp = false;

        var failed = await Assert.ThrowsAsync<RotationException>(() => Plan("timeout = \"1s\"").DeliverAsync(Delivery(), Cancel));

        Assert.Equal(RotationFailure.Destination, failed.Failure);
        Assert.Contains("deployment/billing did not restart within 1.0 s", failed.Message, StringComparison.Ordinal);
        Assert.Contains("describe deployment/billing", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_look_masks_every_value_and_says_who_restarts_and_on_what_the_cluster_depends()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText), ("CONFIG", $"token: {OldText}"));
        _cluster.AddWorkload("deployment", "billing");
        Environment.SetEnvironmentVariable("KUBECONFIG", Path.Combine(_home, "kubeconfig"));

        var found = await Plan($"kubectl = [\"kubectl\", \"--cache-dir={_home}/cache\"]").InspectAsync(Old, Cancel);
        Environment.SetEnvironmentVariable("KUBECONFIG", null);

        Assert.Equal([$"- TWILIO_AUTH_TOKEN=[token {Old}]", "+ TWILIO_AUTH_TOKEN=[the new token]", "restarts deployment/billing"], found.Changes);
        Assert.Contains(found.Warnings, w => w.Contains("prod/twilio: CONFIG holds the token in force too", StringComparison.Ordinal));
        Assert.Contains(found.Warnings, w => w.Contains("kubectl's current context, test at the moment", StringComparison.Ordinal));
        Assert.DoesNotContain(OldText, string.Join('\n', [.. found.Changes, .. found.Warnings]), StringComparison.Ordinal);
        Assert.Empty(found.Problems);
        Assert.Empty(_cluster.Changes);
    }

    [Fact]
    public async Task Missing_rights_are_told_with_the_role_that_is_needed()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing");
        _cluster.AddWorkload("deployment", "sms");
        _cluster.Forbidden["patch deployments"] = true;
        var destination = Plan("""restart = ["deployment/billing", "deployment/sms"]""");

        var problem = Assert.Single((await destination.InspectAsync(Old, Cancel)).Problems);
        Assert.StartsWith("kubectl may not patch deployments.apps/billing, deployments.apps/sms in prod.", problem, StringComparison.Ordinal);
        Assert.Contains("\n- {apiGroups: [\"\"], resources: [secrets], resourceNames: [twilio], verbs: [get, patch]}\n", problem, StringComparison.Ordinal);
        Assert.EndsWith("\n- {apiGroups: [apps], resources: [deployments], resourceNames: [billing, sms], verbs: [get, list, watch, patch]}", problem, StringComparison.Ordinal);

        _cluster.Forbidden["get secrets"] = true;
        Assert.Contains("cannot get resource \"secrets\"", Assert.Single((await destination.InspectAsync(Old, Cancel)).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_or_not_to_be_reached_is_told()
    {
        Assert.Contains("secrets \"twilio\" not found, looked for in namespace prod", await ProblemAsync(Plan("")), StringComparison.Ordinal);
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        Assert.Contains("deployments \"billing\" not found", await ProblemAsync(Plan("""restart = ["deployment/billing"]""")), StringComparison.Ordinal);
        _cluster.AddWorkload("deployment", "billing", """{"spec": {"paused": true}}""");
        Assert.Contains("deployment/billing is paused", await ProblemAsync(Plan("")), StringComparison.Ordinal);
        Assert.Contains("There is no program 'no-such-kubectl' in PATH", await ProblemAsync(Plan("kubectl = [\"no-such-kubectl\"]")), StringComparison.Ordinal);
        _cluster.WriteConfig(Path.Combine(_home, "kubeconfig"), token: "wrong");
        Assert.Contains("The cluster refused kubectl's credential", await ProblemAsync(Plan("")), StringComparison.Ordinal);
        _cluster.WriteConfig(Path.Combine(_home, "kubeconfig"));
        await _cluster.DisposeAsync();
        Assert.Contains("kubectl failed", await ProblemAsync(Plan("")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_token_is_in_an_argument_the_environment_or_a_message()
    {
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", OldText));
        _cluster.AddWorkload("deployment", "billing");
        var spy = Path.Combine(_home, "spy");
        var base64 = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(NewText));
        await File.WriteAllTextAsync(spy, $"#!/bin/sh\necho \"$@\" >> {_home}/arguments; env >> {_home}/arguments\ncase \" $* \" in *' patch secret '*) test -e {_home}/fail && {{ cat >&2; exit 1; }};; esac\nexec kubectl \"$@\"\n", Cancel);
        File.SetUnixFileMode(spy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var destination = Plan($"kubectl = [\"{spy}\", \"--kubeconfig={_home}/kubeconfig\", \"--cache-dir={_home}/cache\"]");
        await File.WriteAllTextAsync(Path.Combine(_home, "fail"), "", Cancel);

        var failed = await Assert.ThrowsAsync<RotationException>(() => destination.DeliverAsync(Delivery(), Cancel));
        File.Delete(Path.Combine(_home, "fail"));
        await destination.DeliverAsync(Delivery(), Cancel);

        Assert.Contains($"\"TWILIO_AUTH_TOKEN\":\"[token {New}]\"", failed.Message, StringComparison.Ordinal);
        var seen = await File.ReadAllTextAsync(Path.Combine(_home, "arguments"), Cancel) + failed.Message;
        Assert.Contains("patch secret twilio", seen, StringComparison.Ordinal);
        foreach (var secret in (string[])[NewText, OldText, base64])
        {
            Assert.DoesNotContain(secret, seen, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_whole_rotation_leaves_the_new_token_in_the_Secret_and_the_old_one_refused()
    {
        await using var rig = await Rig.StartAsync();
        _cluster.AddSecret("{}", ("TWILIO_AUTH_TOKEN", rig.Server.Account.Token));
        _cluster.AddWorkload("deployment", "billing");
        var plan = rig.Plan(Toml("""set = { TWILIO_AUTH_TOKEN = "new", TWILIO_AUTH_TOKEN_ALT = "old" }"""));

        await rig.Engine.RotateAsync(rig.Request([.. plan.Destinations]), Cancel);

        var value = Assert.Single(_cluster.Values()).Value;
        Assert.Equal((200, 401), (await rig.CheckAsync(value), await rig.CheckAsync(rig.Server.Account.Token)));
        Assert.DoesNotContain(value, rig.EverythingSaid(), StringComparison.Ordinal);
    }

    private static Delivery Delivery(Inspection? found = null) => new(new(Old, New), Sid, "https://accounts.twilio.com", found?.AddedKeys ?? []);

    private static async Task<string> ProblemAsync(PlannedDestination destination) => Assert.Single((await destination.InspectAsync(Old, Cancel)).Problems);

    private string? Annotation(string kind, string name, string annotation) =>
        _cluster.Workload(kind, name)["spec"]!["template"]!["metadata"]!["annotations"]?[annotation]?.GetValue<string>();

    /// <summary>As a plan has it, with the stand-in's cluster and nothing left behind in the home directory.</summary>
    private string Toml(string more) => $"[[destination]]\ntype = \"kubernetes\"\nsecret = \"{ClusterStandIn.Space}/twilio\"\n{more}\n"
        + (more.Contains("kubectl", StringComparison.Ordinal) ? "" : $"kubectl = [\"kubectl\", \"--kubeconfig={_home}/kubeconfig\", \"--cache-dir={_home}/cache\"]\n");

    private PlannedDestination Plan(string more)
    {
        var file = Path.Combine(_home, "tandem.toml");
        File.WriteAllText(file, Toml(more));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return Assert.Single(PlanFile.Read(file).Destinations);
    }
}
