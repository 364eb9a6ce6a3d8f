using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tandem.Rotations.Destinations;

/// <summary>What is read of a Secret. What has a value of its own here is settable: a member that the JSON lacks would else be null.</summary>
internal sealed record KubernetesSecret
{
    public KubernetesMetadata Metadata { get; set; } = new();

    public string? Type { get; init; }

    public bool? Immutable { get; init; }

    /// <summary>Its values, in base64.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>Its values as text; bytes that are no UTF-8 are nobody's token, and what stands for them equals none.</summary>
    public Dictionary<string, string> Values() =>
        Data?.ToDictionary(d => d.Key, d => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(d.Value)), StringComparer.Ordinal) ?? new(StringComparer.Ordinal);

    /// <summary>Nothing of what it holds.</summary>
    public override string ToString() => $"secret {Metadata.Name}";
}

/// <summary>What every object has.</summary>
internal sealed record KubernetesMetadata
{
    public string? Name { get; init; }

    /// <summary>Changes with each change of the object; a patch that names an older one is refused.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Counts the changes of what is wanted, not those of what is.</summary>
    public long Generation { get; init; }

    public string? DeletionTimestamp { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public IReadOnlyList<KubernetesOwnerReference>? OwnerReferences { get; init; }

    public IReadOnlyList<KubernetesFieldWriter>? ManagedFields { get; init; }

    public string? Label(string name) => Labels?.GetValueOrDefault(name);

    public string? Annotation(string name) => Annotations?.GetValueOrDefault(name);
}

/// <summary>An object that this one belongs to.</summary>
internal sealed record KubernetesOwnerReference
{
    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";
}

/// <summary>Who has written which fields.</summary>
internal sealed record KubernetesFieldWriter
{
    public string Manager { get; set; } = "";

    /// <summary><c>Apply</c> for who declares the fields and will again, <c>Update</c> for who has written them.</summary>
    public string Operation { get; set; } = "";

    public JsonElement FieldsV1 { get; init; }

    public bool Wrote(string key) => FieldsV1.ValueKind == JsonValueKind.Object && FieldsV1.TryGetProperty("f:data", out var data)
        && data.ValueKind == JsonValueKind.Object && data.TryGetProperty($"f:{key}", out _);
}

/// <summary>What is read of a Deployment, a StatefulSet or a DaemonSet.</summary>
internal sealed record KubernetesWorkload
{
    public KubernetesMetadata Metadata { get; set; } = new();

    public KubernetesWorkloadSpec Spec { get; set; } = new();

    /// <summary>Whether its pods read a Secret: as variables, or as files.</summary>
    public bool Uses(string secret) => Names(Spec.Template.Spec, secret);

    private static bool Names(JsonElement at, string secret) => at.ValueKind switch
    {
        JsonValueKind.Object => at.EnumerateObject().Any(p => (p.Name is "secretKeyRef" or "secretRef" or "secret" && Is(p.Value, secret)) || Names(p.Value, secret)),
        JsonValueKind.Array => at.EnumerateArray().Any(item => Names(item, secret)),
        _ => false,
    };

    private static bool Is(JsonElement reference, string secret) => reference.ValueKind == JsonValueKind.Object
        && reference.EnumerateObject().Any(p => p.Name is "name" or "secretName" && p.Value.ValueKind == JsonValueKind.String && p.Value.ValueEquals(secret));
}

/// <summary>What is wanted of a workload.</summary>
internal sealed record KubernetesWorkloadSpec
{
    public bool Paused { get; init; }

    public KubernetesPodTemplate Template { get; set; } = new();
}

/// <summary>The pods of a workload.</summary>
internal sealed record KubernetesPodTemplate
{
    public KubernetesMetadata Metadata { get; set; } = new();

    public JsonElement Spec { get; init; }
}

/// <summary>Several workloads.</summary>
internal sealed record KubernetesWorkloadList
{
    public IReadOnlyList<KubernetesWorkload>? Items { get; init; }

    [JsonIgnore]
    public bool AreNamed => Items?.All(w => WorkloadName.IsObjectName(w.Metadata.Name)) is not false;
}

/// <summary>Reads them without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(KubernetesSecret))]
[JsonSerializable(typeof(KubernetesWorkload))]
[JsonSerializable(typeof(KubernetesWorkloadList))]
internal sealed partial class KubernetesJson : JsonSerializerContext;

/// <summary>A workload by its name.</summary>
/// <param name="Kind"><c>deployment</c>, <c>statefulset</c> or <c>daemonset</c>.</param>
/// <param name="Name">Its name.</param>
internal sealed record WorkloadName(string Kind, string Name)
{
    public static readonly IReadOnlyList<string> Kinds = ["deployment", "statefulset", "daemonset"];

    /// <summary>Reads <c>deployment/billing</c>, with the short forms that kubectl knows; null for anything else.</summary>
    public static WorkloadName? Parse(string text) => text.Split('/') is not [var kind, var name] ? null : kind switch
    {
        "deployment" or "deployments" or "deploy" => new("deployment", name),
        "statefulset" or "statefulsets" or "sts" => new("statefulset", name),
        "daemonset" or "daemonsets" or "ds" => new("daemonset", name),
        _ => null,
    };

    /// <summary>Whether a text can be the name of an object: it can be neither an option of kubectl's nor another path.</summary>
    public static bool IsObjectName(string? name) => name is { Length: > 0 and <= 253 }
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.')
        && name[0] is not ('-' or '.') && name[^1] is not ('-' or '.');

    public override string ToString() => $"{Kind}/{Name}";
}
