using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tandem.Client;

namespace Tandem.Rotations.Destinations;

/// <summary>The API server refused, or was not reached; the reason is Kubernetes' own: <c>NotFound</c>, <c>Forbidden</c>, <c>Conflict</c>.</summary>
internal sealed class KubectlException(string reason, string message) : Exception(message)
{
    public string Reason => reason;
}

/// <summary>
/// Asks a cluster by the user's own kubectl, which knows every way to it: contexts, certificates, cloud log-ins, a pod's service account. Values
/// go to it by its standard input, never by an argument; and only calls are used that kubectl 1.20 has as well (docs/adr/0005-kubectl.md).
/// </summary>
/// <param name="command">kubectl, with arguments before its own.</param>
/// <param name="space">The namespace.</param>
/// <param name="rollout">How long a workload may take to restart.</param>
/// <param name="directory">Where it runs; null for where this program was started.</param>
internal sealed partial class Kubectl(IReadOnlyList<string> command, string space, TimeSpan rollout, string? directory)
{
    /// <summary>The name under which fields are written.</summary>
    public const string FieldManager = "tandem";

    private static readonly JsonSerializerOptions s_read = WireJson.For(KubernetesJson.Default);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(500);

    public string Space => space;

    /// <summary>The context that the plan pins; null for none.</summary>
    public string? Context { get; } = command.Select((a, i) => a.StartsWith("--context=", StringComparison.Ordinal) ? a["--context=".Length..] : a is "--context" ? command.ElementAtOrDefault(i + 1) : null)
        .FirstOrDefault(c => c is not null);

    /// <summary>How long a workload may take to restart.</summary>
    public TimeSpan Rollout => rollout;

    /// <summary>What stands in the way of running it; null for nothing.</summary>
    public string? Problem() => new ChildProcess(command, s_limit, directory).Problem();

    /// <summary>The context that decides which cluster this is, where nothing pins it; null where something does, or there are no contexts.</summary>
    public async Task<string?> UnpinnedContextAsync(CancellationToken cancel)
    {
        if (Context is not null || command.Any(a => a.StartsWith("--kubeconfig", StringComparison.Ordinal)))
        {
            return null;
        }

        var (status, output, _) = await RunAsync(["config", "current-context"], [], s_limit, cancel);
        return status == 0 && WireText.Line(output.Trim()) is { Length: > 0 } context ? context : null;
    }

    public Task<KubernetesSecret> ReadSecretAsync(string name, CancellationToken cancel) =>
        GetAsync<KubernetesSecret>($"/api/v1/namespaces/{space}/secrets/{name}", cancel, secret =>
        {
            secret.Values(); // base64, or it cannot be read
            return string.Equals(secret.Metadata.Name, name, StringComparison.Ordinal);
        });

    public Task<KubernetesWorkload> ReadWorkloadAsync(WorkloadName name, CancellationToken cancel) =>
        GetAsync<KubernetesWorkload>($"/apis/apps/v1/namespaces/{space}/{name.Kind}s/{name.Name}", cancel);

    public async Task<IReadOnlyList<KubernetesWorkload>> ListWorkloadsAsync(string kind, CancellationToken cancel) =>
        (await GetAsync<KubernetesWorkloadList>($"/apis/apps/v1/namespaces/{space}/{kind}s", cancel, static list => list.AreNamed)).Items ?? [];

    /// <summary>Whether this user may do a thing; null when the cluster does not say.</summary>
    public async Task<bool?> MayAsync(string verb, string resource, CancellationToken cancel)
    {
        var (_, output, _) = await RunAsync(["auth", "can-i", verb, resource, "--namespace", space], [], s_limit, cancel);
        return output.TrimEnd().Split('\n')[^1].Trim() switch { "yes" => true, var said when said.StartsWith("no", StringComparison.Ordinal) => false, _ => null };
    }

    /// <summary>Sets values, or takes them out where they are null, if the Secret is still the one that was read.</summary>
    public async Task PatchSecretAsync(KubernetesSecret read, IReadOnlyDictionary<string, string?> values, CancellationToken cancel)
    {
        var data = new JsonObject();
        foreach (var (key, value) in values)
        {
            data[key] = value is null ? null : JsonValue.Create(Base64(value));
        }

        var patch = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = read.Metadata.ResourceVersion }, ["data"] = data };
        await NeedAsync(
            ["patch", "secret", read.Metadata.Name!, "--namespace", space, "--type=merge", "--patch-file=/dev/stdin", $"--field-manager={FieldManager}", "--output=name"],
            Encoding.UTF8.GetBytes(patch.ToJsonString()), s_limit, cancel);
    }

    /// <summary>Changes annotations of a workload's pods, which restarts them one after the other.</summary>
    public Task PatchPodsAsync(WorkloadName name, IReadOnlyDictionary<string, string> annotations, CancellationToken cancel)
    {
        var patch = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["annotations"] = new JsonObject(annotations.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)JsonValue.Create(a.Value)))),
                    },
                },
            },
        };
        return NeedAsync(
            ["patch", name.Kind, name.Name, "--namespace", space, "--type=strategic", "--patch-file=/dev/stdin", $"--field-manager={FieldManager}", "--output=name"],
            Encoding.UTF8.GetBytes(patch.ToJsonString()), s_limit, cancel);
    }

    /// <summary>Waits until all pods of a workload are new ones.</summary>
    public Task WaitForRolloutAsync(WorkloadName name, CancellationToken cancel) => NeedAsync(
        ["rollout", "status", name.ToString(), "--namespace", space, $"--timeout={Math.Ceiling(rollout.TotalSeconds).ToString(CultureInfo.InvariantCulture)}s"],
        [], rollout + s_limit, cancel);

    /// <summary>Waits until something else has changed what is wanted of a workload; false when nothing did in time.</summary>
    public async Task<bool> WaitForChangeAsync(WorkloadName name, long generation, CancellationToken cancel)
    {
        for (var began = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            if ((await ReadWorkloadAsync(name, cancel)).Metadata.Generation > generation)
            {
                return true;
            }

            if (began.Elapsed >= rollout)
            {
                return false;
            }

            await Task.Delay(s_again, cancel);
        }
    }

    private static string Base64(string value) => Convert.ToBase64String(Encoding.UTF8.GetBytes(value));

    /// <summary>Reads an object; names in it become arguments of kubectl later, so what is not as it must be is not taken.</summary>
    private async Task<T> GetAsync<T>(string path, CancellationToken cancel, Func<T, bool>? isGood = null)
    {
        var output = await NeedAsync(["get", "--raw", path], [], s_limit, cancel);
        try
        {
            var read = WireJson.Read<T>(Encoding.UTF8.GetBytes(output), s_read);
            return isGood is null || isGood(read) ? read : throw new JsonException("It is not what was asked for.");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new KubectlException("Unreadable", $"what the cluster answered for {path} cannot be read");
        }
    }

    private async Task<string> NeedAsync(IReadOnlyList<string> arguments, byte[] input, TimeSpan limit, CancellationToken cancel)
    {
        var (status, output, errors) = await RunAsync(arguments, input, limit, cancel);
        if (status == 0)
        {
            return output;
        }

        if (status is null)
        {
            throw new KubectlException("Timeout", $"kubectl {arguments[0]} did not end within {Durations.Show(limit)} and was killed");
        }

        // The first words name the refusal: Error from server (Forbidden): secrets "twilio" is forbidden …
        var said = errors.Trim() is { Length: > 0 } text ? text : output.Trim();
        var reason = Refusal().Match(said) is { Success: true } match ? match.Groups["reason"].Value : "";
        throw new KubectlException(reason, WireText.Line(said.Length > 600 ? $"{said[..600]}…" : said));
    }

    private async Task<(int? Status, string Output, string Errors)> RunAsync(IReadOnlyList<string> arguments, byte[] input, TimeSpan limit, CancellationToken cancel)
    {
        var (output, errors, isCut) = (new StringBuilder(), new StringBuilder(), false);
        var program = new ChildProcess([.. command, .. arguments], limit, directory);
        var status = await program.RunAsync(
            input, new Dictionary<string, string>(StringComparer.Ordinal),
            line => Keep(output, line), line => Keep(errors, line), lastWords: limit, cancel);
        return isCut ? throw new KubectlException("TooLarge",
                $"what kubectl {arguments[0]} printed is larger than {WireJson.MostBytes / 1024 / 1024} MiB. "
                + "Name the workloads: restart = [\"deployment/NAME\"]")
            : (status, output.ToString(), errors.ToString());

        void Keep(StringBuilder said, string line)
        {
            isCut = isCut || said.Length + line.Length > WireJson.MostBytes;
            _ = isCut ? said : said.Append(line).Append('\n');
        }
    }

    [GeneratedRegex(@"\((?<reason>[A-Za-z]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Refusal();
}
