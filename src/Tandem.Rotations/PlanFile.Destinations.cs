using Tandem.Rotations.Destinations;
using Tomlyn.Model;

namespace Tandem.Rotations;

/// <content>What each type of destination is told.</content>
public sealed partial class PlanFile
{
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
