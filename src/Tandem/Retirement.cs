namespace Tandem;

/// <summary>A change that ended one or both tokens of an account.</summary>
/// <param name="Before">The account before it.</param>
/// <param name="After">The account after it.</param>
public sealed record Retirement(Account Before, Account After)
{
    /// <summary>Whether the secondary took the primary's place.</summary>
    public bool IsPromotion => Before.Secondary is { } secondary && IsIn(secondary, After.Primary);

    /// <summary>The tokens that are accepted no more.</summary>
    public IEnumerable<StoredToken> Tokens
    {
        get
        {
            foreach (var token in new[] { Before.Primary, Before.Secondary })
            {
                if (token is not null && !IsIn(token, After.Primary) && !IsIn(token, After.Secondary))
                {
                    yield return token;
                }
            }
        }
    }

    /// <summary>What a change retired; null when it retired nothing.</summary>
    public static Retirement? Of(Account? before, Account after) =>
        before is not null && new Retirement(before, after) is var change && change.Tokens.Any() ? change : null;

    private static bool IsIn(StoredToken token, StoredToken? slot) => slot?.Verifier.FixedTimeEquals(token.Verifier) is true;
}
