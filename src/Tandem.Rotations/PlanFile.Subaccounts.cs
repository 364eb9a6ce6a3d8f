using System.Text.RegularExpressions;
using Tomlyn.Model;

namespace Tandem.Rotations;

/// <content>What a plan says of many accounts: labels to choose by, and places that differ from account to account.</content>
public sealed partial class PlanFile
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _labels = new(StringComparer.Ordinal);

    /// <summary>Whose plan it is to be; null for nobody's in particular.</summary>
    private string? _account;

    private void ReadSubaccounts(TomlTable root)
    {
        if (!root.TryGetValue("subaccount", out var all))
        {
            return;
        }

        if (all is not TomlTableArray array)
        {
            _problems.Add("subaccounts are written [[subaccount]], with two brackets.");
            return;
        }

        foreach (var (table, where) in array.Select((table, i) => (table, $"subaccount {i + 1}")))
        {
            Known(table, where, "sid", "labels");
            var labels = Table(table, "labels").Select(l => (l.Key, Value: Text(Table(table, "labels"), l.Key, $"{where}, labels"))).Where(l => l.Value is not null)
                .ToDictionary(l => l.Key, l => l.Value!, StringComparer.Ordinal);
            if (labels.Keys.FirstOrDefault(k => k is "sid" or "name" || !k.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) is { } wrong)
            {
                _problems.Add($"{where}: '{wrong}' is no name of a label: letters, digits, - and _; sid and name are there anyway.");
            }

            if (Text(table, "sid", where) is not { } sid || sid.Length != 34 || !sid.StartsWith("AC", StringComparison.Ordinal) || !sid.Skip(2).All(char.IsAsciiHexDigit))
            {
                _problems.Add($"{where}: sid is an Account SID: AC and 32 hexadecimal digits.");
            }
            else if (!_labels.TryAdd($"AC{sid[2..].ToLowerInvariant()}", labels))
            {
                _problems.Add($"{where}: {sid} stands there twice.");
            }
        }
    }

    /// <summary>A destination as it is for the account: <c>{sid}</c> and the names of labels in its texts are the account's own.</summary>
    private TomlTable Filled(TomlTable table, string where)
    {
        if (_account is null)
        {
            return table;
        }

        var filled = new TomlTable();
        foreach (var (key, value) in table)
        {
            filled[key] = value switch
            {
                string text => Filled(text, where),
                TomlArray array => FilledArray(array, where),
                _ => value,
            };
        }

        return filled;
    }

    private TomlArray FilledArray(TomlArray array, string where)
    {
        var filled = new TomlArray();
        foreach (var item in array)
        {
            filled.Add(item is string text ? Filled(text, where) : item);
        }

        return filled;
    }

    private string Filled(string text, string where) => Placeholder().Replace(text, found =>
    {
        var name = found.Groups["name"].Value;
        if (name is "sid")
        {
            return _account!;
        }

        if (_labels.GetValueOrDefault(_account!)?.GetValueOrDefault(name) is { } value)
        {
            return value;
        }

        if (_labels.Values.Any(l => l.ContainsKey(name)))
        {
            _problems.Add($"{where}: {found.Value} is a label that {_account} does not have.");
        }

        return found.Value; // braces of somebody else's
    });

    [GeneratedRegex(@"\{(?<name>[A-Za-z0-9_-]+)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
