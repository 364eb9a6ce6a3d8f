using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>
/// Which paths are the console's: a closed list of first segments, so that every other path keeps Twilio's answers. A new page under another
/// first segment is added here.
/// </summary>
internal static class ConsolePaths
{
    public const string Home = "/";
    public const string Accounts = "/accounts";
    public const string SignIn = "/sign-in";

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> FirstSegments = FrozenSet.ToFrozenSet(
        ["", "accounts", "audit", "rotations", "settings", "users", "me", "reference", "sign-in", "sign-out", "setup", "invitation", "assets"],
        StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether the console answers it.</summary>
    public static bool Contains(PathString path)
    {
        var rest = path.Value.AsSpan();
        rest = rest is ['/', ..] ? rest[1..] : rest;
        var end = rest.IndexOf('/');
        return end == 0 ? false : FirstSegments.Contains(end < 0 ? rest : rest[..end]);
    }

    /// <summary>A path to go on to, if it is one of ours; never another site's.</summary>
    public static string? OfOurs(string? path) =>
        path is { Length: > 0 and < 512 }
        && path[0] == '/'
        && !path.AsSpan().ContainsAnyInRange('\0', ' ')
        && !path.AsSpan().ContainsAny('\\', '#')
        && Contains(new PathString(path.Split('?', 2)[0]))
        ? path
        : null;
}
