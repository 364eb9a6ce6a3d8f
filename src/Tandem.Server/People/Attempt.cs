using System.Globalization;
using System.Net;

namespace Tandem.Server.People;

/// <summary>Who tries to prove who they are, and from where.</summary>
/// <param name="Name">The user's name as typed, normalised.</param>
/// <param name="Source">What counts as one client (<see cref="Throttle.SourceOf"/>).</param>
/// <param name="Network">The network of that: a /24 of IPv4, a /56 of IPv6. What one stranger may easily have.</param>
/// <param name="Device">
/// Why this is no stranger: a browser that has signed in as this user before, a session of this user, or a password that was right a moment
/// ago; null for a stranger.
/// </param>
internal sealed record Attempt(string Name, string Source, string Network, string? Device)
{
    /// <summary>Whether anybody could have made it.</summary>
    public bool IsStranger => Device is null;

    /// <summary>Among whom turns are shared out: strangers by their network, everybody else by the user.</summary>
    public string Share => IsStranger ? Network : $"user {Name}";

    /// <summary>An attempt from an address.</summary>
    public static Attempt From(IPAddress? address, string name, string? device)
    {
        const ulong Mask = ~0xffUL; // of a source's 64 bits, which end in the IPv4 address or in the /64 of the IPv6 one
        var source = Throttle.SourceOf(address);
        return new(name, Text(source), Text(source & Mask), device);
    }

    private static string Text(ulong source) => source.ToString(CultureInfo.InvariantCulture);
}
