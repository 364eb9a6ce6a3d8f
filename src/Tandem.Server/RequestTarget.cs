using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tandem.Server.Api;

namespace Tandem.Server;

/// <summary>
/// A request's target as it was sent. The server's own path has dot segments resolved and escapes decoded, so a proxy in front that passes
/// paths by their first characters could be made to pass one that the server then reads as another.
/// </summary>
internal static class RequestTarget
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    /// <summary>What a path may hold besides escapes (RFC 3986, <c>pchar</c> and the slash).</summary>
    private static readonly SearchValues<char> s_plain = SearchValues.Create(Unreserved + "!$&'()*+,;=:@/%");

    private static readonly SearchValues<char> s_authority = SearchValues.Create(Unreserved + ":[]");

    /// <summary>No client has a reason to escape these: each would be a second spelling of a path, or a slash that does not separate.</summary>
    private static readonly SearchValues<char> s_neverEscaped = SearchValues.Create(Unreserved + "/\\%");

    /// <summary>The path up to its query, in the origin form and in the absolute form; empty if the target has no path.</summary>
    public static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target) => TrySplit(target, out _, out var path) ? path : default;

    /// <summary>
    /// Answers 400 to a path that has more than one reading, and to dot segments in any spelling. What goes on has the path that stood in the
    /// request, so that a rule about its first characters holds for what is served.
    /// </summary>
    public static Task RefuseUnclearAsync(HttpContext context, RequestDelegate next)
    {
        // The asterisk of OPTIONS and the authority of CONNECT are no paths, and the server gives such a request none.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return !context.Request.Path.HasValue || IsClear(target) ? next(context)
            : Rooms.IsAdmin(context) ? TandemProblems.WriteAsync(context, TandemProblems.Of(TwilioErrors.UnclearPath))
            : TwilioErrors.WriteAsync(context, TwilioErrors.UnclearPath);
    }

    /// <summary>Whether the path of a target has one reading only.</summary>
    internal static bool IsClear(ReadOnlySpan<char> target) =>
        TrySplit(target, out var authority, out var path) && !authority.ContainsAnyExcept(s_authority) && (path.IsEmpty || IsClearPath(path));

    private static bool IsClearPath(ReadOnlySpan<char> path)
    {
        if (path.ContainsAnyExcept(s_plain) || path.Contains("//", StringComparison.Ordinal) || !AreClear(path))
        {
            return false;
        }

        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            var name = segment.IndexOf(';') is var end and >= 0 ? segment[..end] : segment; // some servers drop a segment's parameters
            if (name is "." or "..")
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether each escape is one, and of a character that is written so in one way only.</summary>
    private static bool AreClear(ReadOnlySpan<char> path)
    {
        for (var at = path.IndexOf('%'); at >= 0; at = path.IndexOf('%'))
        {
            if (path.Length < at + 3
                || !byte.TryParse(path.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var escaped)
                || s_neverEscaped.Contains((char)escaped))
            {
                return false;
            }

            path = path[(at + 3)..];
        }

        return true;
    }

    /// <summary>Splits the origin form, whose authority is empty, or the absolute form.</summary>
    private static bool TrySplit(ReadOnlySpan<char> target, out ReadOnlySpan<char> authority, out ReadOnlySpan<char> path)
    {
        authority = default;
        path = target;
        if (target is not ['/', ..])
        {
            var scheme = target.IndexOf("://", StringComparison.Ordinal);
            if (scheme <= 0)
            {
                path = default;
                return false;
            }

            path = target[(scheme + 3)..];
            var end = path.IndexOfAny('/', '?');
            authority = end < 0 ? path : path[..end];
            path = path[authority.Length..];
        }

        path = path.IndexOf('?') is var query and >= 0 ? path[..query] : path;
        return true;
    }
}
