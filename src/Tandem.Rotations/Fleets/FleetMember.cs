using Tandem.Client;

namespace Tandem.Rotations.Fleets;

/// <summary>One subaccount of a fleet.</summary>
public sealed record FleetMember
{
    /// <summary>Its SID.</summary>
    public required AccountSid Sid { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What the plan says of it.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Its primary, where the issuer shows it to the parent: Twilio does, a Tandem with recoverable tokens too. Else null.</summary>
    public HeldToken? Token { get; init; }

    /// <summary>The active subaccounts of a parent, the oldest first, and how many are not active.</summary>
    /// <exception cref="RotationException">They cannot be listed.</exception>
    internal static async Task<(IReadOnlyList<FleetMember> Active, int Others)> ListAsync(
        Issuer issuer, HeldToken parent, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> labels, CancellationToken cancel)
    {
        try
        {
            var all = await issuer.SubaccountsAsync(parent, cancel);
            var named = all.Where(a => a.Status is "active").Select(a => (Account: a, Sid: AccountSid.Parse(a.Sid)));
            List<FleetMember> active = [.. named.Select(a => new FleetMember
            {
                Sid = a.Sid,
                Name = a.Account.FriendlyName,
                Labels = labels.GetValueOrDefault($"{a.Sid}") ?? new Dictionary<string, string>(StringComparer.Ordinal),
                Token = a.Account.AuthToken is { Length: > 0 } token ? HeldToken.Known(a.Sid, token) : null,
            })];
            return (active, all.Count - active.Count);
        }
        catch (TwilioException e)
        {
            throw RotationRun.Explain(e, $"The subaccounts of {parent.Sid} cannot be listed. Nothing was changed. Is it the parent's own token, and the server's address?");
        }
    }
}
