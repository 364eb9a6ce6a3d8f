using Tomlyn;
using Tomlyn.Model;

namespace Tandem.Rotations;

/// <summary>
/// Reads <c>config.toml</c>, the user's own configuration: tables <c>[profile.NAME]</c>. All that is wrong in the one that is asked for is told at
/// once. A token's text has no place in it.
/// </summary>
public sealed class ProfileFile
{
    private static readonly TimeSpan s_usualLimit = TimeSpan.FromMinutes(1);

    private static readonly string[] s_keys = ["sid", "server", "region", "edge", "token_file", "token_command", "timeout"];

    private readonly string _path;
    private readonly string _folder;
    private readonly List<string> _problems = [];

    private ProfileFile(string path) => (_path, _folder) = (path, Path.GetDirectoryName(path)!);

    /// <summary>Reads a profile.</summary>
    /// <param name="path">The configuration.</param>
    /// <param name="name">The profile's name.</param>
    /// <exception cref="RotationException">The file cannot be read or trusted, has no such profile, or something in it is wrong.</exception>
    public static Profile Read(string path, string name)
    {
        var file = new ProfileFile(Path.GetFullPath(path));
        var all = file.Load();
        if (!all.TryGetValue(name, out var found) || found is not TomlTable table)
        {
            var there = all.Count == 0 ? "none" : string.Join(", ", all.Keys);
            throw Wrong($"There is no profile '{name}' in {file._path}; there is {there}. Nothing was done. Add it: [profile.{name}]");
        }

        var profile = file.Parse(table, name);
        return file._problems.Count == 0 ? profile
            : throw Wrong($"The profile '{name}' in {file._path} is wrong, and nothing was done:\n  - {string.Join("\n  - ", file._problems)}\nSee docs/cli.md for what may stand in it.");
    }

    private TomlTable Load()
    {
        try
        {
            return TomlSerializer.Deserialize(OwnFile.ReadText(_path), PlanToml.Default.TomlTable) is { } root && root.TryGetValue("profile", out var profiles) && profiles is TomlTable all ? all : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"The configuration {_path} with its profiles cannot be read ({e.Message}) Nothing was done.", e);
        }
        catch (TomlException e)
        {
            throw Wrong($"The configuration {_path} is no TOML: {e.GetBaseException().Message.TrimEnd('.')}. Nothing was done.", e);
        }
    }

    private Profile Parse(TomlTable table, string name)
    {
        _problems.AddRange(table.Keys.Except(s_keys, StringComparer.Ordinal).Select(key => key is "token" or "auth_token"
            ? $"'{key}': a token has no place in this file. Name the file that holds it with token_file, or a program that prints it with token_command."
            : $"there is no '{key}'; there is {string.Join(", ", s_keys)}."));
        if (table.ContainsKey("token_file") && table.ContainsKey("token_command"))
        {
            _problems.Add("token_file and token_command are two ways to the same token. Keep one.");
        }

        return new()
        {
            Name = name,
            Source = _path,
            AccountSid = Text(table, "sid"),
            Server = Text(table, "server"),
            Region = Text(table, "region"),
            Edge = Text(table, "edge"),
            TokenFile = Text(table, "token_file") is { } file ? Path.GetFullPath(file, _folder) : null,
            TokenCommand = Command(table),
        };
    }

    private SecretProgram? Command(TomlTable table)
    {
        var limit = s_usualLimit;
        if (Text(table, "timeout") is { } text && (!Durations.TryParse(text, out limit) || limit <= TimeSpan.Zero))
        {
            _problems.Add("timeout is a time such as \"90s\" or \"2m\".");
        }

        if (!table.TryGetValue("token_command", out var value))
        {
            return null;
        }

        if (value is TomlArray { Count: > 0 } array && array.All(item => item is string) && array[0] is string { Length: > 0 })
        {
            return new([.. array.OfType<string>()], limit, _folder);
        }

        _problems.Add("token_command is an array of strings, the program and its arguments: [\"pass\", \"show\", \"twilio\"]. There is no shell; for one: [\"sh\", \"-c\", \"…\"].");
        return null;
    }

    private string? Text(TomlTable table, string key)
    {
        if (!table.TryGetValue(key, out var value) || value is string { Length: > 0 })
        {
            return value as string;
        }

        _problems.Add($"{key} is a text in quotes.");
        return null;
    }

    private static RotationException Wrong(string message, Exception? inner = null) => new(RotationFailure.Usage, message, inner);
}
