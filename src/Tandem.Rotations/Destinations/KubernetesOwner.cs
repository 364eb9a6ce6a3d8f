namespace Tandem.Rotations.Destinations;

/// <summary>
/// Who else writes a Secret. What a tool writes from a source of its own it writes again, so a token put there would be overwritten, at a time
/// nobody chose: after a promotion, by a dead one.
/// </summary>
internal static class KubernetesOwner
{
    /// <summary>Labels and annotations by which tools mark what they write, and the tool.</summary>
    private static readonly (string Mark, string Tool)[] s_marks =
    [
        ("reconcile.external-secrets.io/managed", "External Secrets"),
        ("reconcile.external-secrets.io/created-by", "External Secrets"),
        ("reconcile.external-secrets.io/data-hash", "External Secrets"),
        ("sealedsecrets.bitnami.com/managed", "Sealed Secrets"),
        ("argocd.argoproj.io/instance", "Argo CD"),
        ("argocd.argoproj.io/tracking-id", "Argo CD"),
        ("kustomize.toolkit.fluxcd.io/name", "Flux"),
        ("helm.toolkit.fluxcd.io/name", "Flux"),
        ("meta.helm.sh/release-name", "Helm"),
        ("secrets.infisical.com/version", "Infisical"),
        ("secrets.doppler.com/version", "Doppler"),
        ("operator.1password.io/item-path", "1Password"),
    ];

    /// <summary>Beginnings of the names under which such tools write fields with a plain update.</summary>
    private static readonly string[] s_writers = ["argocd", "helm", "kustomize-controller", "external-secrets", "vault-secrets-operator", "terraform", "hashicorp", "pulumi"];

    /// <summary>Why it cannot be written to with any lasting effect, a sentence each.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="keys">The keys that a rotation writes.</param>
    /// <param name="place">What it is called in messages.</param>
    public static IEnumerable<string> Problems(KubernetesSecret secret, IEnumerable<string> keys, string place)
    {
        if (secret.Metadata.DeletionTimestamp is not null)
        {
            yield return $"Secret {place} is being deleted.";
        }

        if (secret.Immutable is true)
        {
            yield return $"Secret {place} is immutable: its values can never change. Make another Secret, point the workloads and this destination at it, and delete this one.";
        }

        if (secret.Type is "kubernetes.io/service-account-token" or "helm.sh/release.v1")
        {
            yield return $"Secret {place} is of type {secret.Type}, whose content Kubernetes or Helm writes itself.";
        }

        if (Tool(secret.Metadata, keys) is { } tool)
        {
            yield return $"Secret {place} is managed by {tool}. A change here would be overwritten. Point the destination at its source instead.";
        }
    }

    private static string? Tool(KubernetesMetadata secret, IEnumerable<string> keys)
    {
        if (secret.OwnerReferences is [var owner, ..])
        {
            return owner.Kind switch
            {
                "ExternalSecret" => $"External Secrets (ExternalSecret {owner.Name})",
                "SealedSecret" => $"Sealed Secrets (SealedSecret {owner.Name})",
                _ => $"its owner ({owner.Kind} {owner.Name})",
            };
        }

        var marked = s_marks.FirstOrDefault(m => secret.Label(m.Mark) is not null || secret.Annotation(m.Mark) is not null);
        if (marked.Tool is not null)
        {
            return $"{marked.Tool} ({marked.Mark})";
        }

        if (secret.Label("app.kubernetes.io/managed-by") is { Length: > 0 } label && !string.Equals(label, "tandem", StringComparison.OrdinalIgnoreCase))
        {
            return $"{label} (label app.kubernetes.io/managed-by; where that is only a label, take it off: kubectl label secret {secret.Name} app.kubernetes.io/managed-by-)";
        }

        // People write with kubectl too, and what they apply by hand they know of.
        return (secret.ManagedFields ?? []).FirstOrDefault(f => keys.Any(f.Wrote) && IsTool(f)) is { } writer ? $"{writer.Manager} (it has written {keys.First(writer.Wrote)})" : null;
    }

    private static bool IsTool(KubernetesFieldWriter writer) =>
        (string.Equals(writer.Operation, "Apply", StringComparison.Ordinal) && !writer.Manager.StartsWith("kubectl", StringComparison.Ordinal) && writer.Manager is not Kubectl.FieldManager)
        || s_writers.Any(w => writer.Manager.StartsWith(w, StringComparison.OrdinalIgnoreCase));
}
