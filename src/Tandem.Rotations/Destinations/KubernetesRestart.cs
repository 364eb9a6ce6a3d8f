using System.Globalization;

namespace Tandem.Rotations.Destinations;

/// <summary>A workload, as it was before the Secret changed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Was">What was read of it.</param>
/// <param name="IsReloaded">Whether Reloader restarts it by itself when the Secret changes.</param>
internal sealed record FoundWorkload(WorkloadName Name, KubernetesWorkload Was, bool IsReloaded);

/// <summary>
/// Sees to it that pods read a changed Secret: variables of a running pod never change, so its workload is restarted, by Reloader where that is
/// asked to, else by an annotation of the pods, as <c>kubectl rollout restart</c> does it. Another annotation names the token, so that a delivery
/// that is repeated restarts nobody a second time.
/// </summary>
/// <param name="kubectl">The cluster and namespace.</param>
/// <param name="secret">The Secret's name.</param>
/// <param name="named">Who is restarted; null for whoever uses the Secret.</param>
internal sealed class KubernetesRestart(Kubectl kubectl, string secret, IReadOnlyList<WorkloadName>? named)
{
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";
    private const string Fingerprint = "tandem/token-fingerprint";

    /// <summary>Who is restarted, where the plan names them; null for whoever uses the Secret.</summary>
    public IReadOnlyList<WorkloadName>? Named => named;

    /// <summary>Finds who is to be restarted.</summary>
    /// <exception cref="KubectlException">One that is named does not exist, or the cluster refuses.</exception>
    public async Task<IReadOnlyList<FoundWorkload>> FindAsync(KubernetesSecret read, CancellationToken cancel)
    {
        var found = new List<FoundWorkload>();
        foreach (var name in named ?? [])
        {
            var workload = await kubectl.ReadWorkloadAsync(name, cancel);
            found.Add(new(name, workload, IsReloaded(workload, read)));
        }

        foreach (var kind in named is null ? WorkloadName.Kinds : [])
        {
            found.AddRange((await kubectl.ListWorkloadsAsync(kind, cancel)).Where(w => w.Uses(secret)).Select(w => new FoundWorkload(new(kind, w.Metadata.Name!), w, IsReloaded(w, read))));
        }

        return found;
    }

    /// <summary>Restarts them all, then waits until each has new pods. Returns what was done; null for nothing.</summary>
    /// <exception cref="RotationException">One does not come up.</exception>
    /// <exception cref="KubectlException">The cluster refuses.</exception>
    public async Task<string?> RunAsync(IReadOnlyList<FoundWorkload> workloads, HeldToken token, bool changed, CancellationToken cancel)
    {
        foreach (var workload in workloads)
        {
            // Whether Reloader has seen an earlier delivery's change cannot be told any more; one restart too many can be borne.
            var isDone = !changed && string.Equals(workload.Was.Spec.Template.Metadata.Annotation(Fingerprint), token.Fingerprint, StringComparison.Ordinal);
            if (!isDone && !(changed && workload.IsReloaded))
            {
                await kubectl.PatchPodsAsync(workload.Name, new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [RestartedAt] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    [Fingerprint] = token.Fingerprint,
                }, cancel);
            }
        }

        foreach (var workload in workloads)
        {
            await WaitAsync(workload, changed, cancel);
        }

        return workloads.Count == 0 ? null : $"restarted {string.Join(", ", workloads.Select(w => w.IsReloaded ? $"{w.Name} (by Reloader)" : w.Name.ToString()))}";
    }

    private async Task WaitAsync(FoundWorkload workload, bool changed, CancellationToken cancel)
    {
        if (changed && workload.IsReloaded && !await kubectl.WaitForChangeAsync(workload.Name, workload.Was.Metadata.Generation, cancel))
        {
            throw new RotationException(RotationFailure.Destination,
                $"Reloader has not restarted {workload.Name} within {Durations.Show(kubectl.Rollout)}, though its annotations ask for it. Does it run, and watch namespace {kubectl.Space}? Running again restarts it without Reloader.");
        }

        try
        {
            await kubectl.WaitForRolloutAsync(workload.Name, cancel);
        }
        catch (KubectlException e)
        {
            throw new RotationException(RotationFailure.Destination,
                $"{workload.Name} did not restart within {Durations.Show(kubectl.Rollout)}: {e.Message.TrimEnd('.')}. Pods that are not replaced go on with the token that they had. Look: kubectl --namespace {kubectl.Space} describe {workload.Name}", e);
        }
    }

    /// <summary>By Reloader's annotations of the workload, of its pods and of the Secret. What its own flags add cannot be seen from here.</summary>
    private bool IsReloaded(KubernetesWorkload workload, KubernetesSecret read)
    {
        if (read.Metadata.Annotation("reloader.stakater.com/ignore") is "true" || Lists("secrets.exclude.reloader.stakater.com/reload"))
        {
            return false;
        }

        var isSearched = Says("reloader.stakater.com/search") && read.Metadata.Annotation("reloader.stakater.com/match") is "true";
        return Lists("secret.reloader.stakater.com/reload")
            || (workload.Uses(secret) && (isSearched || Says("reloader.stakater.com/auto") || Says("secret.reloader.stakater.com/auto")));

        string? Of(string annotation) => workload.Metadata.Annotation(annotation) ?? workload.Spec.Template.Metadata.Annotation(annotation);
        bool Says(string annotation) => Of(annotation) is "true";
        bool Lists(string annotation) => (Of(annotation) ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(secret, StringComparer.Ordinal);
    }
}
