using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Tandem.Rotations.Tests;

/// <summary>
/// An API server of Kubernetes as far as Secrets, workloads and permissions go, and the controllers behind it: real kubectl finds its way
/// through it. Objects are what their YAML would be.
/// </summary>
internal sealed class ClusterStandIn : IAsyncDisposable
{
    public const string Space = "prod";
    private const string Token = "cluster-token";

    private readonly Dictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private long _version = 100;

    private ClusterStandIn()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0, l => l.UseHttps(_certificate)));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public string Url => _app.Urls.Single();

    /// <summary>Each change, as method, path and content type.</summary>
    public ConcurrentQueue<string> Changes { get; } = new();

    /// <summary>What this user may not do, as <c>patch secrets</c>.</summary>
    public ConcurrentDictionary<string, bool> Forbidden { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether new pods come up.</summary>
    public bool PodsComeUp { get; set; } = true;

    /// <summary>Whether Reloader runs.</summary>
    public bool ReloaderRuns { get; set; } = true;

    /// <summary>Is run before each patch of a Secret, where somebody else may be faster.</summary>
    public Action? BeforePatch { get; set; }

    public static async Task<ClusterStandIn> StartAsync()
    {
        var cluster = new ClusterStandIn();
        await cluster._app.StartAsync();
        return cluster;
    }

    /// <summary>A kubeconfig for it.</summary>
    public string WriteConfig(string path, string token = Token)
    {
        // To a server without TLS kubectl sends no credential.
        var authority = Convert.ToBase64String(Encoding.ASCII.GetBytes(_certificate.ExportCertificatePem()));
        File.WriteAllText(path, $$"""
            {"apiVersion": "v1", "kind": "Config", "current-context": "test",
             "clusters": [{"name": "test", "cluster": {"server": "{{Url}}", "certificate-authority-data": "{{authority}}"} }], "users": [{"name": "test", "user": {"token": "{{token}}"} }],
             "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"} }]}
            """);
        return path;
    }

    public JsonObject Secret(string name = "twilio") => Get($"/api/v1/namespaces/{Space}/secrets/{name}");

    public JsonObject Workload(string kind, string name) => Get($"/apis/apps/v1/namespaces/{Space}/{kind}s/{name}");

    /// <summary>The values of a Secret, as its pods read them.</summary>
    public Dictionary<string, string> Values(string name = "twilio") => Secret(name)["data"]!.AsObject()
        .ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(Convert.FromBase64String(d.Value!.GetValue<string>())), StringComparer.Ordinal);

    /// <summary>Puts a Secret there; <paramref name="more"/> is merged into it.</summary>
    public void AddSecret(string more = "{}", params (string Key, string Value)[] values)
    {
        var secret = JsonNode.Parse($$"""{"kind": "Secret", "apiVersion": "v1", "type": "Opaque", "metadata": {"name": "twilio", "namespace": "{{Space}}", "uid": "1"}, "data": {} }""")!.AsObject();
        Merge(secret, JsonNode.Parse(more)!.AsObject());
        foreach (var (key, value) in values)
        {
            secret["data"]![key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        }

        Put($"/api/v1/namespaces/{Space}/secrets/twilio", secret);
    }

    /// <summary>Puts a workload there, whose pods have come up; it reads the Secret unless it is told otherwise.</summary>
    public void AddWorkload(string kind, string name, string more = "{}", string secret = "twilio")
    {
        var type = kind switch { "deployment" => "Deployment", "statefulset" => "StatefulSet", _ => "DaemonSet" };
        var workload = JsonNode.Parse($$"""
            {"kind": "{{type}}", "apiVersion": "apps/v1", "metadata": {"name": "{{name}}", "namespace": "{{Space}}", "uid": "2", "generation": 1},
             "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "{{name}}"} }, "updateStrategy": {"type": "RollingUpdate"},
              "template": {"metadata": {"labels": {"app": "{{name}}"} },
               "spec": {"imagePullSecrets": [{"name": "registry"}], "containers": [{"name": "app", "image": "app", "env": [
                {"name": "TWILIO_AUTH_TOKEN", "valueFrom": {"secretKeyRef": {"name": "{{secret}}", "key": "TWILIO_AUTH_TOKEN"} } }]}]} } } }
            """)!.AsObject();
        Merge(workload, JsonNode.Parse(more)!.AsObject());
        SetStatus(workload, isUp: true);
        Put($"/apis/apps/v1/namespaces/{Space}/{kind}s/{name}", workload);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cluster", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    /// <summary>A JSON merge patch (RFC 7396); for what is patched here a strategic one does the same.</summary>
    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is JsonObject inner)
            {
                if (into[key] is not JsonObject)
                {
                    into[key] = new JsonObject();
                }

                Merge(into[key]!.AsObject(), inner);
            }
            else if (value is null)
            {
                into.Remove(key);
            }
            else
            {
                into[key] = value.DeepClone();
            }
        }
    }

    /// <summary>What the controllers write, each with the names that its kind has for it.</summary>
    private static void SetStatus(JsonObject workload, bool isUp)
    {
        var (generation, updated) = (workload["metadata"]!["generation"]!.GetValue<long>(), isUp ? 2 : 0);
        workload["status"] = JsonNode.Parse($$"""
            {"observedGeneration": {{generation}}, "replicas": 2, "updatedReplicas": {{updated}}, "readyReplicas": 2, "availableReplicas": 2, "currentRevision": "r{{generation}}",
             "updateRevision": "r{{generation}}", "desiredNumberScheduled": 2, "updatedNumberScheduled": {{updated}}, "numberAvailable": 2,
             "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}
            """);
    }

    private JsonObject Get(string path)
    {
        lock (_lock)
        {
            return _objects[path].DeepClone().AsObject();
        }
    }

    private void Put(string path, JsonObject thing)
    {
        lock (_lock)
        {
            thing["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            _objects[path] = thing;
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var (status, answer) = context.Request.Headers.Authorization == $"Bearer {Token}" ? Answer(context.Request, body) : Refusal(401, "Unauthorized", "Unauthorized");
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString() + "\n");
    }

    private (int Status, JsonObject Body) Answer(HttpRequest request, string body)
    {
        var path = request.Path.Value!;
        if (request.Method == "POST" && path.EndsWith("/selfsubjectaccessreviews", StringComparison.Ordinal))
        {
            return (201, Review(JsonNode.Parse(body)!.AsObject()));
        }

        if (Discovery(path) is { } found)
        {
            return (200, found);
        }

        var parts = path.Split('/');
        var resource = parts.FirstOrDefault(p => p is "secrets" or "deployments" or "statefulsets" or "daemonsets") ?? "";
        var verb = request.Method == "PATCH" ? "patch" : parts[^1] == resource ? "list" : "get";
        if (Forbidden.ContainsKey($"{verb} {resource}"))
        {
            return Refusal(403, "Forbidden", $"{resource} \"{parts[^1]}\" is forbidden: User \"test\" cannot {verb} resource \"{resource}\" in API group \"\" in the namespace \"{Space}\"");
        }

        return verb switch
        {
            "patch" => Patch(request, resource, body),
            "list" => List(request, resource),
            _ => Read(path, resource),
        };
    }

    private (int Status, JsonObject Body) Read(string path, string resource)
    {
        lock (_lock)
        {
            return _objects.TryGetValue(path, out var thing) ? (200, thing.DeepClone().AsObject())
                : Refusal(404, "NotFound", $"{resource} \"{path.Split('/')[^1]}\" not found");
        }
    }

    /// <summary>A list, or a watch that has nothing to say and ends at once: kubectl then asks again.</summary>
    private (int Status, JsonObject Body) List(HttpRequest request, string resource)
    {
        var only = request.Query["fieldSelector"].FirstOrDefault()?.Replace("metadata.name=", "", StringComparison.Ordinal);
        lock (_lock)
        {
            var items = _objects.Where(o => o.Key.StartsWith(request.Path.Value + "/", StringComparison.Ordinal) && (only is null || o.Key.EndsWith("/" + only, StringComparison.Ordinal)))
                .Select(o => (JsonNode)o.Value.DeepClone()).ToArray();
            if (request.Query["watch"] == "true" && items is [var item, ..])
            {
                return (200, new() { ["type"] = "MODIFIED", ["object"] = item });
            }

            var kind = resource switch { "deployments" => "DeploymentList", "statefulsets" => "StatefulSetList", "daemonsets" => "DaemonSetList", _ => "SecretList" };
            return (200, new()
            {
                ["kind"] = kind,
                ["apiVersion"] = resource == "secrets" ? "v1" : "apps/v1",
                ["metadata"] = new JsonObject { ["resourceVersion"] = _version.ToString(CultureInfo.InvariantCulture) },
                ["items"] = new JsonArray(items),
            });
        }
    }

    private (int Status, JsonObject Body) Patch(HttpRequest request, string resource, string body)
    {
        var (path, patch) = (request.Path.Value!, JsonNode.Parse(body)!.AsObject());
        if (resource == "secrets")
        {
            BeforePatch?.Invoke();
        }

        lock (_lock)
        {
            if (!_objects.TryGetValue(path, out var thing))
            {
                return Refusal(404, "NotFound", $"{resource} \"{path.Split('/')[^1]}\" not found");
            }

            if (patch["metadata"]?["resourceVersion"] is { } version && version.GetValue<string>() != thing["metadata"]!["resourceVersion"]!.GetValue<string>())
            {
                return Refusal(409, "Conflict", "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again");
            }

            Changes.Enqueue($"{path.Split('/')[^2]}/{path.Split('/')[^1]} by {request.Query["fieldManager"]} as {request.ContentType}");
            Merge(thing, patch);
            Put(path, thing);
            if (resource == "secrets")
            {
                Reload();
            }
            else
            {
                Restart(thing);
            }

            return (200, thing.DeepClone().AsObject());
        }
    }

    private void Restart(JsonObject workload)
    {
        workload["metadata"]!["generation"] = workload["metadata"]!["generation"]!.GetValue<long>() + 1;
        SetStatus(workload, PodsComeUp);
    }

    private void Reload()
    {
        foreach (var workload in _objects.Values.Where(o => ReloaderRuns && o["metadata"]!["annotations"]?.AsObject().Any(a => a.Key.Contains("reloader.stakater.com", StringComparison.Ordinal)) is true))
        {
            Merge(workload, JsonNode.Parse("""{"spec": {"template": {"metadata": {"annotations": {"reloader.stakater.com/last-reloaded-from": "twilio"}}}}}""")!.AsObject());
            Restart(workload);
        }
    }

    private JsonObject Review(JsonObject asked)
    {
        var what = asked["spec"]!["resourceAttributes"]!;
        asked["status"] = new JsonObject { ["allowed"] = !Forbidden.ContainsKey($"{what["verb"]} {what["resource"]}") };
        return asked;
    }

    private static (int Status, JsonObject Body) Refusal(int status, string reason, string message) => (status, new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["message"] = message,
        ["reason"] = reason,
        ["code"] = status,
    });

    private static JsonObject? Discovery(string path) => path switch
    {
        "/version" => JsonNode.Parse("""{"major": "1", "minor": "30", "gitVersion": "v1.30.0"}""")!.AsObject(),
        "/api" => JsonNode.Parse("""{"kind": "APIVersions", "versions": ["v1"]}""")!.AsObject(),
        "/apis" => JsonNode.Parse("""
            {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
             {"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"}},
             {"name": "authorization.k8s.io", "versions": [{"groupVersion": "authorization.k8s.io/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "authorization.k8s.io/v1", "version": "v1"}}]}
            """)!.AsObject(),
        "/api/v1" => Resources("v1", ("secrets", "Secret", "")),
        "/apis/apps/v1" => Resources("apps/v1", ("deployments", "Deployment", "deploy"), ("statefulsets", "StatefulSet", "sts"), ("daemonsets", "DaemonSet", "ds")),
        "/apis/authorization.k8s.io/v1" => Resources("authorization.k8s.io/v1", ("selfsubjectaccessreviews", "SelfSubjectAccessReview", "")),
        _ => null,
    };

    private static JsonObject Resources(string group, params (string Name, string Kind, string Short)[] all) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = group,
        ["resources"] = new JsonArray([.. all.Select(r => new JsonObject
        {
            ["name"] = r.Name,
            ["singularName"] = r.Kind.ToLowerInvariant(),
            ["namespaced"] = r.Kind != "SelfSubjectAccessReview",
            ["kind"] = r.Kind,
            ["verbs"] = new JsonArray("create", "get", "list", "patch", "watch"),
            ["shortNames"] = r.Short.Length == 0 ? new JsonArray() : new JsonArray(r.Short),
        })]),
    };
}
