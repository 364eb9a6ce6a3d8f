using Tandem.Client;

namespace Tandem.Rotations;

/// <summary>What a token is to its account.</summary>
public enum TokenStanding
{
    /// <summary>It is refused.</summary>
    Refused,

    /// <summary>It is the primary.</summary>
    Primary,

    /// <summary>It works, and it is not the primary.</summary>
    Secondary,
}

/// <summary>
/// Who makes the account's tokens: Twilio, or a Tandem server. Both are asked on Twilio's paths; a Tandem has <see cref="Insight"/> as well.
/// </summary>
public sealed class Issuer : IDisposable
{
    private readonly TwilioClient _client;

    private Issuer(string target, string name, TwilioClient client, TandemInsight? insight) =>
        (Target, Name, _client, Insight) = (target, name, client, insight);

    /// <summary>The address by which its rotations are told apart.</summary>
    public string Target { get; }

    /// <summary>What people call it.</summary>
    public string Name { get; }

    /// <summary>What a Tandem server tells beyond Twilio's API: both slots, who still uses which, and what was done. Null on Twilio, where nobody tells.</summary>
    public TandemInsight? Insight { get; }

    /// <summary>Whether it is Twilio, of which this program knows less.</summary>
    public bool IsTwilio => Insight is null;

    /// <summary>A Tandem server.</summary>
    /// <param name="server">Where its API listens.</param>
    /// <param name="handler">Makes what carries the requests; null for the usual.</param>
    public static Issuer Tandem(Uri server, Func<HttpMessageHandler>? handler = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        var target = server.GetLeftPart(UriPartial.Authority);
        return new(target, target, new(TwilioAddresses.At(server), handler?.Invoke()), new(server, handler));
    }

    /// <summary>Twilio, in a region and by an edge.</summary>
    /// <param name="region">Each region has tokens of its own; null for the default.</param>
    /// <param name="edge">By which edge to reach it; null for the default.</param>
    /// <param name="handler">Makes what carries the requests; null for the usual, which honours the environment's proxies.</param>
    public static Issuer Twilio(string? region = null, string? edge = null, Func<HttpMessageHandler>? handler = null)
    {
        var addresses = TwilioAddresses.Twilio(region, edge);

        // A rotation is one of an account in a region, whatever edge it is reached by.
        var target = $"https://accounts.{(region is null or "us1" ? "" : $"{region}.")}twilio.com";
        return new(target, $"{addresses.Accounts.GetLeftPart(UriPartial.Authority)} ({region ?? "us1"})", new(addresses, handler?.Invoke()), null);
    }

    /// <summary>
    /// What a token is to its account now. Only the API's own 401 means that it is refused: 429, 403, an error of the server or the answer of a proxy say
    /// nothing about a token.
    /// </summary>
    /// <exception cref="TwilioException">It cannot be told.</exception>
    public async Task<TokenStanding> CheckAsync(HeldToken token, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        try
        {
            // Twilio shows the primary; Tandem shows it to who presents it, and nothing to who presents the secondary.
            var account = await _client.GetAccountAsync(token.Credential(), token.Sid, cancel);
            return token.Is(account.AuthToken) ? TokenStanding.Primary : TokenStanding.Secondary;
        }
        catch (TwilioException e) when (e.IsTokenRefused)
        {
            return TokenStanding.Refused;
        }
    }

    /// <summary>The account's name.</summary>
    /// <param name="caller">A token of the account, or of its parent.</param>
    /// <param name="sid">The account.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<string> NameAsync(HeldToken caller, AccountSid sid, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return (await _client.GetAccountAsync(caller.Credential(), sid, cancel)).FriendlyName;
    }

    /// <summary>An account's subaccounts, the oldest first: all of them, whatever their status.</summary>
    /// <exception cref="TwilioException">They cannot be listed.</exception>
    internal async Task<IReadOnlyList<TwilioAccount>> SubaccountsAsync(HeldToken parent, CancellationToken cancel)
    {
        var all = await _client.ListAccountsAsync(parent.Credential(), cancel);

        // Once each, whatever its letters: two pages may show the same account, and no two rotations may share a state.
        return [.. all.DistinctBy(a => AccountSid.Parse(a.Sid)).Where(a => AccountSid.Parse(a.Sid) != parent.Sid).Reverse()];
    }

    /// <summary>
    /// Creates the secondary. Not to be cancelled: what was sent may have happened. A parent may do it for its subaccount on Tandem alone:
    /// Twilio's paths take each account's own credential.
    /// </summary>
    internal async Task<HeldToken> CreateAsync(HeldToken caller, AccountSid sid)
    {
        if (Insight is not null && caller.Sid != sid)
        {
            return await Insight.CreateAsync(caller, sid);
        }

        var created = await _client.CreateSecondaryAsync(caller.Credential());
        return created.SecondaryAuthToken is { Length: > 0 } text ? HeldToken.Known(caller.Sid, text)
            : throw new TwilioException(0, 0, "The answer to the create holds no token.");
    }

    internal Task DeleteAsync(HeldToken caller, AccountSid sid) => Insight is not null && caller.Sid != sid
        ? Insight.DeleteAsync(caller, sid)
        : _client.DeleteSecondaryAsync(caller.Credential());

    /// <summary>Promotes. A Tandem whose promote guard refuses is told to do it all the same, where whoever runs this has said so.</summary>
    internal async Task PromoteAsync(HeldToken secondary, bool force)
    {
        try
        {
            await _client.PromoteAsync(secondary.Credential());
        }
        catch (TwilioException e) when (force && Insight is not null && e.Status is >= 400 and < 500 and not (401 or 404 or 429))
        {
            await Insight.PromoteByForceAsync(secondary);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();
}
