using System.Globalization;
using Tandem.Client;
using Tandem.Rotations.Destinations;
using Tomlyn;
using Tomlyn.Model;
using Tomlyn.Serialization;

namespace Tandem.Rotations;

/// <summary>
/// Reads <c>tandem.toml</c>. All that is wrong in it is told at once; a name that is not known is an error, since a misspelt one would change
/// what happens without a word. Paths in it are relative to its folder.
/// </summary>
public sealed partial class PlanFile
{
    private static readonly string[] s_types = ["dotenv", "command", "kubernetes", "twilio-functions"];
    private static readonly TimeSpan s_hookLimit = TimeSpan.FromMinutes(1);

    private readonly string _path;
    private readonly string _folder;
    private readonly TwilioAddresses _twilio;
    private readonly List<string> _problems = [];

    private PlanFile(string path, TwilioAddresses twilio) => (_path, _folder, _twilio) = (path, Path.GetDirectoryName(path)!, twilio);

    /// <summary>Reads a plan.</summary>
    /// <param name="path">The file.</param>
    /// <param name="twilio">Where Twilio is, for destinations there; null for its default region.</param>
    /// <param name="accountSid">Whose it is to be, so that <c>{sid}</c> and labels in its destinations are the account's; null for nobody's in particular.</param>
    /// <exception cref="RotationException">It cannot be read, others can have written it, or something in it is wrong.</exception>
    public static RotationPlan Read(string path, TwilioAddresses? twilio = null, string? accountSid = null)
    {
        var account = accountSid is null ? null : AccountSid.Parse(accountSid).ToString();
        var file = new PlanFile(Path.GetFullPath(path), twilio ?? TwilioAddresses.Twilio()) { _account = account };
        RotationPlan plan;
        try
        {
            plan = file.Parse(TomlSerializer.Deserialize(OwnFile.ReadText(file._path), PlanToml.Default.TomlTable) ?? []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RotationException(RotationFailure.Usage, $"The plan {file._path} cannot be read ({e.Message}). Nothing was done. Name another: --config FILE", e);
        }
        catch (TomlException e)
        {
            throw new RotationException(RotationFailure.Usage, $"The plan {file._path} is no TOML: {e.GetBaseException().Message.TrimEnd('.')}. Nothing was done.", e);
        }

        return file._problems.Count == 0 ? plan
            : throw new RotationException(RotationFailure.Usage,
                $"The plan {file._path} is wrong, and nothing was done:\n  - {string.Join("\n  - ", file._problems)}\nSee docs/rotate.md for what may stand in it.");
    }

    private RotationPlan Parse(TomlTable root)
    {
        Known(root, "the plan", "account", "watch", "destination", "subaccount");
        ReadSubaccounts(root);
        var account = Table(root, "account");
        Known(account, "[account]", "sid", "server", "token_file");
        var watch = Table(root, "watch");
        Known(watch, "[watch]", "soak", "require");
        var destinations = root.TryGetValue("destination", out var all) && all is TomlTableArray array
            ? array.Select((table, i) => Destination(Filled(table, $"destination {i + 1}"), $"destination {i + 1}")).OfType<PlannedDestination>().ToList()
            : [];
        if (all is not null and not TomlTableArray)
        {
            _problems.Add("destinations are written [[destination]], with two brackets.");
        }

        foreach (var twice in destinations.GroupBy(d => d.Id, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            _problems.Add($"{twice.Key} stands there {twice.Count()} times; name all its keys in one.");
        }

        return new()
        {
            Source = _path,
            AccountSid = Text(account, "sid", "[account]"),
            Server = Text(account, "server", "[account]"),
            TokenFile = Text(account, "token_file", "[account]") is { } file ? Path.GetFullPath(file, _folder) : null,
            Watch = new() { Soak = Duration(watch, "soak", "[watch]"), Require = Requirement(Text(watch, "require", "[watch]")) },
            Destinations = destinations,
            Labels = _labels,
        };
    }

    private PlannedDestination? Destination(TomlTable table, string where)
    {
        var limit = Duration(table, "timeout", where) ?? s_hookLimit;
        var after = Hook(table, "after", where, limit);
        var verify = Hook(table, "verify", where, limit);
        bool? webhooks = table.TryGetValue("webhooks", out var said) ? said is true : null;
        if (said is not null and not bool)
        {
            _problems.Add($"{where}: webhooks is true or false.");
        }

        IDestination? at;
        switch (Text(table, "type", where))
        {
            case "dotenv":
                Known(table, where, "type", "path", "set", "after", "verify", "timeout", "webhooks");
                at = Dotenv(table, where);
                break;
            case "command":
                Known(table, where, "type", "run", "name", "timeout", "webhooks");
                at = Hook(table, "run", where, limit) is { } run ? new CommandDestination(Text(table, "name", where) ?? run.Text, run) : Missing(where, "run", "an array: the program and its arguments");
                break;
            case "kubernetes":
                Known(table, where, "type", "secret", "set", "restart", "kubectl", "after", "verify", "timeout", "webhooks");
                at = Kubernetes(table, where);
                break;
            case "twilio-functions":
                Known(table, where, "type", "service", "environment", "set", "after", "verify", "timeout", "webhooks");
                at = Functions(table, where);
                break;
            case { } other:
                _problems.Add($"{where}: there is no type '{other}'. Did you mean {Nearest(other, s_types)}?");
                return null;
            default:
                _problems.Add($"{where}: type is missing: {string.Join(", ", s_types[..^1])} or {s_types[^1]}.");
                return null;
        }

        return at is null ? null : new(at, after, verify, webhooks);
    }

    private IDestination? Missing(string where, string key, string what)
    {
        _problems.Add($"{where}: {key} is missing: {what}.");
        return null;
    }

    private Hook? Hook(TomlTable table, string key, string where, TimeSpan limit) =>
        table.ContainsKey(key) && Argv(table, key, where) is { } argv ? new(argv, limit, _folder) : null;

    private IReadOnlyList<string>? Argv(TomlTable table, string key, string where)
    {
        if (table[key] is TomlArray { Count: > 0 } array && array.All(item => item is string) && array[0] is string { Length: > 0 })
        {
            return [.. array.OfType<string>()];
        }

        _problems.Add($"{where}: {key} is an array of strings, the program and its arguments: [\"systemctl\", \"reload\", \"billing\"]. There is no shell; for one: [\"sh\", \"-c\", \"…\"].");
        return null;
    }

    private TomlTable Table(TomlTable from, string key)
    {
        if (!from.TryGetValue(key, out var value))
        {
            return [];
        }

        if (value is TomlTable table)
        {
            return table;
        }

        _problems.Add($"{key} is a table.");
        return [];
    }

    private string? Text(TomlTable table, string key, string where)
    {
        if (!table.TryGetValue(key, out var value))
        {
            return null;
        }

        if (value is string { Length: > 0 } text)
        {
            return text;
        }

        _problems.Add($"{where}: {key} is a text in quotes.");
        return null;
    }

    private TimeSpan? Duration(TomlTable table, string key, string where)
    {
        if (Text(table, key, where) is not { } text)
        {
            return null;
        }

        if (Durations.TryParse(text, out var duration))
        {
            return duration;
        }

        _problems.Add($"{where}: {key} is a time such as \"90s\", \"10m\" or \"2h\".");
        return null;
    }

    private WatchRequirement Requirement(string? text)
    {
        switch (text)
        {
            case null or "all":
                return WatchRequirement.All;
            case "known":
                return WatchRequirement.Known;
            case "none":
                return WatchRequirement.None;
            default:
                _problems.Add("[watch]: require is \"all\", \"known\" or \"none\".");
                return WatchRequirement.All;
        }
    }

    private void Known(TomlTable table, string where, params string[] names) =>
        _problems.AddRange(table.Keys.Where(k => !names.Contains(k, StringComparer.Ordinal)).Select(k => $"{where}: there is no '{k}'. Did you mean {Nearest(k, names)}?"));

    private static string Nearest(string word, IEnumerable<string> names) => names.MinBy(n => Distance(word, n))!;

    /// <summary>Letters of one that the other lacks, both ways: enough to find a misspelt name among a few.</summary>
    private static int Distance(string a, string b) => a.Except(b).Count() + b.Except(a).Count() + Math.Abs(a.Length - b.Length);
}

/// <summary>Reads TOML without reflection.</summary>
[TomlSerializable(typeof(TomlTable))]
internal sealed partial class PlanToml : TomlSerializerContext;

/// <summary>Times as people write them.</summary>
public static class Durations
{
    /// <summary>Reads <c>90s</c>, <c>10m</c>, <c>2h</c>, <c>1d</c>, <c>250ms</c> or <c>0</c>.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = default;
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits is 0 or > 6 || !int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        TimeSpan? read = text[digits..] switch
        {
            "" when number == 0 => TimeSpan.Zero,
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            "d" => TimeSpan.FromDays(number),
            _ => null,
        };
        duration = read ?? default;
        return read is not null;
    }

    /// <summary>Writes a time in its two largest units: <c>12 min 4 s</c>.</summary>
    public static string Show(TimeSpan time) => time switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds} s"),
        { TotalHours: < 1 } when time.Seconds == 0 => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} days"),
    };
}
