using Tandem.Rotations.Destinations;
using Tomlyn.Model;

namespace Tandem.Rotations;

/// <content>What each type of destination is told.</content>
public sealed partial class PlanFile
{
    /// <summary>Pulling an image takes its time.</summary>
    private static readonly TimeSpan s_rolloutLimit = TimeSpan.FromMinutes(5);

    private static bool IsVariable(string key) => key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !char.IsAsciiDigit(key[0]);

    private DotenvDestination? Dotenv(TomlTable table, string where)
    {
        var keys = Keys(table, where, IsVariable, "letters, digits and _, not a digit first");
        return Text(table, "path", where) is { } path
            ? new(new(Path.GetFullPath(path, _folder)), keys)
            : (DotenvDestination?)Missing(where, "path", "the env file");
    }

    private FunctionsDestination? Functions(TomlTable table, string where)
    {
        var keys = Keys(table, where, k => IsVariable(k) && k.Length <= 128, "letters, digits and _, not a digit first, at most 128");
        var (service, environment) = (Text(table, "service", where), Text(table, "environment", where));
        if (service is null)
        {
            Missing(where, "service", "the SID of the service, ZS…");
        }

        if (environment is null)
        {
            Missing(where, "environment", "the SID of the environment, ZE…, or its unique name");
        }

        return service is null || environment is null ? null : new(service, environment, new(keys, canBeEmpty: false), _twilio);
    }

    private KubernetesDestination? Kubernetes(TomlTable table, string where)
    {
        var keys = Keys(table, where, k => k.Length is > 0 and <= 253 && k.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'), "letters, digits, _, - and .");
        var restart = Restart(table, where);
        var command = table.ContainsKey("kubectl") ? Argv(table, "kubectl", where) : ["kubectl"];
        if (Text(table, "secret", where) is not { } secret)
        {
            return (KubernetesDestination?)Missing(where, "secret", "namespace/name");
        }

        if (secret.Split('/') is not [var space, var name] || !WorkloadName.IsObjectName(space) || !WorkloadName.IsObjectName(name))
        {
            _problems.Add($"{where}: secret is namespace/name, both in small letters, digits, - and .");
            return null;
        }

        return command is null ? null
            : new(new(command, space, Duration(table, "timeout", where) ?? s_rolloutLimit, _folder), name, new(keys, canBeEmpty: true), restart);
    }

    /// <summary>Who is restarted: null for whoever uses the secret.</summary>
    private IReadOnlyList<WorkloadName>? Restart(TomlTable table, string where)
    {
        switch (table.TryGetValue("restart", out var value) ? value : "auto")
        {
            case "auto":
                return null;
            case "none":
                return [];
            case TomlArray array when array.Select(item => item is string text ? WorkloadName.Parse(text) : null).ToList() is var names
                && names.TrueForAll(n => n is not null && WorkloadName.IsObjectName(n.Name)):
                return [.. names.OfType<WorkloadName>()];
            default:
                _problems.Add($"{where}: restart is \"auto\", \"none\" or an array such as [\"deployment/billing\", \"statefulset/sms\"]; what can be restarted is a deployment, a statefulset or a daemonset.");
                return [];
        }
    }

    private Dictionary<string, TokenRole> Keys(TomlTable table, string where, Func<string, bool> isName, string form)
    {
        var keys = new Dictionary<string, TokenRole>(StringComparer.Ordinal);
        foreach (var (key, value) in Table(table, "set"))
        {
            if (!isName(key))
            {
                _problems.Add($"{where}: '{key}' is no name of a variable: {form}.");
            }
            else if (value is "new" or "old")
            {
                keys[key] = value is "new" ? TokenRole.New : TokenRole.Old;
            }
            else
            {
                _problems.Add($"{where}: {key} is set to \"new\" or \"old\", the token that it gets.");
            }
        }

        if (!table.ContainsKey("set"))
        {
            keys["TWILIO_AUTH_TOKEN"] = TokenRole.New;
        }
        else if (!keys.ContainsValue(TokenRole.New))
        {
            _problems.Add($"{where}: nothing in its set gets the \"new\" token.");
        }

        return keys;
    }
}
