using System.Text;

namespace Tandem.Rotations.Destinations;

/// <summary>
/// Keys of a Kubernetes Secret, and the restart of who reads it. A change names the version of the Secret that was read, so nobody else's change
/// in between is lost.
/// </summary>
/// <param name="kubectl">The cluster and namespace.</param>
/// <param name="secret">The Secret's name.</param>
/// <param name="keys">Its keys.</param>
/// <param name="restart">Who is restarted; null for whoever uses it.</param>
internal sealed class KubernetesDestination(Kubectl kubectl, string secret, TokenKeys keys, IReadOnlyList<WorkloadName>? restart) : IDestination
{
    private readonly KubernetesRestart _restart = new(kubectl, secret, restart);

    public string Type => "kubernetes";

    /// <summary>With the context where the plan pins one: a namespace and a Secret may be called the same in two clusters.</summary>
    public string Name => kubectl.Context is { } context ? $"{context}/{kubectl.Space}/{secret}" : $"{kubectl.Space}/{secret}";

    public bool HoldsBoth => keys.HoldsBoth;

    public async Task<Inspection> InspectAsync(HeldToken? old, CancellationToken cancel)
    {
        if (kubectl.Problem() is { } problem)
        {
            return new() { Problems = [problem] };
        }

        try
        {
            var read = await kubectl.ReadSecretAsync(secret, cancel);
            var workloads = await _restart.FindAsync(read, cancel);
            var found = keys.Compare(read.Values(), old, Name);
            return found with
            {
                Changes = [.. found.Changes, .. workloads.Select(w => w.IsReloaded ? $"{w.Name} is restarted by Reloader" : $"restarts {w.Name}")],
                Warnings = [.. found.Warnings, .. await WarningsAsync(workloads, cancel)],
                Problems = [.. KubernetesOwner.Problems(read, keys.Names, Name), .. await NotAllowedAsync(workloads, cancel), .. Paused(workloads)],
            };
        }
        catch (KubectlException e)
        {
            return new() { Problems = [InWords(e)] };
        }
    }

    public async Task<string> DeliverAsync(Delivery delivery, CancellationToken cancel)
    {
        var (changed, restarted) = await ChangeAsync(keys.Delivered(delivery.Tokens), delivery, delivery.Tokens.New, cancel);
        return restarted is null ? TokenKeys.Said(changed) : $"{TokenKeys.Said(changed)}, {restarted}";
    }

    public Task VerifyAsync(Delivery delivery, CancellationToken cancel) => AskAsync(delivery.Tokens, async () =>
    {
        keys.Verify((await kubectl.ReadSecretAsync(secret, cancel)).Values(), delivery.Tokens, Name);
        return true;
    });

    public async Task<string?> RollBackAsync(Delivery delivery, CancellationToken cancel)
    {
        await ChangeAsync(keys.RolledBack(delivery, Name), delivery, delivery.Tokens.Old, cancel);
        return null;
    }

    /// <summary>Restarts nobody: a dead token in the variables of a pod harms nobody.</summary>
    public async Task<string?> TidyAsync(Delivery delivery, CancellationToken cancel)
    {
        var over = keys.Tidied(delivery);
        return over.Count > 0 && (await ChangeAsync(over, delivery, restartFor: null, cancel)).Changed > 0 ? $"{string.Join(", ", over.Keys)} taken out" : null;
    }

    private static IEnumerable<string> Paused(IReadOnlyList<FoundWorkload> workloads) =>
        workloads.Where(w => w.Was.Spec.Paused).Select(w => $"{w.Name} is paused, so it would not restart. Resume it: kubectl rollout resume {w.Name}");

    private Task<(int Changed, string? Restarted)> ChangeAsync(IReadOnlyDictionary<string, string?> wanted, Delivery delivery, HeldToken? restartFor, CancellationToken cancel) => AskAsync(delivery.Tokens, async () =>
    {
        for (var patience = new Patience(delivery.Time); ;)
        {
            var read = await kubectl.ReadSecretAsync(secret, cancel);
            if (KubernetesOwner.Problems(read, keys.Names, Name).FirstOrDefault() is { } problem)
            {
                throw new RotationException(RotationFailure.Destination, problem);
            }

            // Before the change, so that what Reloader does upon it shows.
            var workloads = restartFor is null ? [] : await _restart.FindAsync(read, cancel);
            var changes = TokenKeys.Difference(wanted, read.Values());
            try
            {
                if (changes.Count > 0)
                {
                    await kubectl.PatchSecretAsync(read, changes, cancel);
                }
            }
            catch (KubectlException e) when (e.Reason is "Conflict" && patience.Next(asked: null) is { } pause)
            {
                await Task.Delay(pause, delivery.Time, cancel); // somebody has changed it since it was read
                continue;
            }

            return (changes.Count, restartFor is null ? null : await _restart.RunAsync(workloads, restartFor, changes.Count > 0, cancel));
        }
    });

    private async Task<IEnumerable<string>> WarningsAsync(IReadOnlyList<FoundWorkload> workloads, CancellationToken cancel)
    {
        var warnings = new List<string>();
        if (await kubectl.UnpinnedContextAsync(cancel) is { } context)
        {
            warnings.Add($"which cluster this is depends on kubectl's current context, {context} at the moment. Pin it: kubectl = [\"kubectl\", \"--context\", \"{context}\"]");
        }

        if (_restart.Named is null && workloads.Count == 0)
        {
            warnings.Add($"no deployment, statefulset or daemonset in {kubectl.Space} reads this Secret, so nobody is restarted. Whoever reads it otherwise keeps the old token until it does so again.");
        }

        return warnings;
    }

    private async Task<IEnumerable<string>> NotAllowedAsync(IReadOnlyList<FoundWorkload> workloads, CancellationToken cancel)
    {
        var refused = new List<string>();
        foreach (var resource in workloads.Where(w => !w.IsReloaded).Select(w => $"{w.Name.Kind}s.apps/{w.Name.Name}").Prepend($"secrets/{secret}"))
        {
            if (await kubectl.MayAsync("patch", resource, cancel) is false)
            {
                refused.Add(resource);
            }
        }

        return refused.Count == 0 ? [] : [$"kubectl may not patch {string.Join(", ", refused)} in {kubectl.Space}. {Role()}"];
    }

    private async Task<T> AskAsync<T>(TokenPair tokens, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (KubectlException e)
        {
            throw new RotationException(RotationFailure.Destination, Hidden(InWords(e), tokens), e);
        }
    }

    /// <summary>A server may quote what it was sent, where the tokens are in base64.</summary>
    private static string Hidden(string text, TokenPair tokens)
    {
        foreach (var token in new[] { tokens.New, tokens.Old }.OfType<HeldToken>())
        {
            text = text.Replace(Convert.ToBase64String(Encoding.UTF8.GetBytes(token.Reveal())), $"[token {token}]", StringComparison.Ordinal);
        }

        return tokens.Redact(text);
    }

    private string InWords(KubectlException e) => e.Reason switch
    {
        "NotFound" => $"{e.Message.TrimEnd('.')}, looked for in namespace {kubectl.Space}. A rotation changes a Secret that is there, and restarts workloads that are.",
        "Forbidden" => $"{e.Message.TrimEnd('.')}. {Role()}",
        "Unauthorized" => $"The cluster refused kubectl's credential: {e.Message}",
        "Conflict" => $"Secret {Name} was changed by somebody else each time, for {Durations.Show(Patience.Total)}. Who is it? kubectl --namespace "
            + $"{kubectl.Space} get secret {secret} --output yaml --show-managed-fields",
        _ => $"kubectl failed: {e.Message}",
    };

    /// <summary>The least that this destination needs, as an object to apply.</summary>
    private string Role()
    {
        var rules = new StringBuilder($$"""
            The least that is needed:
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: tandem, namespace: {{kubectl.Space}}}
            rules:
            - {apiGroups: [""], resources: [secrets], resourceNames: [{{secret}}], verbs: [get, patch]}
            """);
        if (_restart.Named is null)
        {
            rules.Append($"\n- {{apiGroups: [apps], resources: [{string.Join(", ", WorkloadName.Kinds.Select(k => k + "s"))}], verbs: [get, list, watch, patch]}}");
        }

        foreach (var kind in (_restart.Named ?? []).GroupBy(n => n.Kind, StringComparer.Ordinal))
        {
            rules.Append($"\n- {{apiGroups: [apps], resources: [{kind.Key}s], resourceNames: [{string.Join(", ", kind.Select(n => n.Name))}], verbs: [get, list, watch, patch]}}");
        }

        return rules.ToString();
    }
}
