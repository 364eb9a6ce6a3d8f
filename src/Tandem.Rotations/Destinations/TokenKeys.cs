namespace Tandem.Rotations.Destinations;

/// <summary>
/// Which keys get which token, in a place that is nothing but keys with values: what each phase of a rotation makes of them.
/// </summary>
/// <param name="roles">The keys, and the token that each gets.</param>
/// <param name="canBeEmpty">Whether such a place keeps a key without a value; else a key for the old token is taken out when that is over.</param>
internal sealed class TokenKeys(IReadOnlyDictionary<string, TokenRole> roles, bool canBeEmpty)
{
    public IEnumerable<string> Names => roles.Keys;

    public bool HoldsBoth => roles.Values.Contains(TokenRole.Old);

    /// <summary>What a delivery wants there; null for a key that is to go.</summary>
    public IReadOnlyDictionary<string, string?> Delivered(TokenPair tokens)
    {
        var wanted = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (key, role) in roles)
        {
            if ((role == TokenRole.New ? tokens.New : tokens.Old) is { } token)
            {
                wanted[key] = token.Reveal();
            }
        }

        return wanted;
    }

    /// <summary>What was there before the rotation.</summary>
    /// <exception cref="RotationException">Nobody at hand holds the old token.</exception>
    public IReadOnlyDictionary<string, string?> RolledBack(Delivery delivery, string place)
    {
        var old = delivery.Tokens.Old ?? throw new RotationException(RotationFailure.Destination, $"{place} cannot be given the old token back: nobody at hand holds it.");
        return roles.ToDictionary(k => k.Key, k => k.Value == TokenRole.Old || IsAdded(delivery, k.Key) ? Over(delivery, k.Key) : old.Reveal(), StringComparer.Ordinal);
    }

    /// <summary>What is left of the overlap: the keys for the old token go, or are emptied where they were there before.</summary>
    public IReadOnlyDictionary<string, string?> Tidied(Delivery delivery) =>
        roles.Where(k => k.Value == TokenRole.Old).ToDictionary(k => k.Key, k => Over(delivery, k.Key), StringComparer.Ordinal);

    /// <summary>Of what is wanted, what is not so yet.</summary>
    public static IReadOnlyDictionary<string, string?> Difference(IReadOnlyDictionary<string, string?> wanted, IReadOnlyDictionary<string, string> had) =>
        wanted.Where(w => had.TryGetValue(w.Key, out var value) ? !string.Equals(value, w.Value, StringComparison.Ordinal) : w.Value is not null)
            .ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal);

    /// <summary>Whether each key for the new token holds it.</summary>
    /// <exception cref="RotationException">One does not.</exception>
    public void Verify(IReadOnlyDictionary<string, string> has, TokenPair tokens, string place)
    {
        foreach (var key in roles.Where(k => k.Value == TokenRole.New).Select(k => k.Key))
        {
            if (!tokens.New.Is(has.GetValueOrDefault(key)))
            {
                throw new RotationException(RotationFailure.Destination, $"{place} does not hold the new token {tokens.New} in {key}: something else has written it since.");
            }
        }
    }

    /// <summary>What a delivery would change, every value masked.</summary>
    public Inspection Compare(IReadOnlyDictionary<string, string> has, HeldToken? old, string place)
    {
        var (changes, warnings, added) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var (key, role) in roles.OrderBy(k => k.Value))
        {
            var value = role == TokenRole.New ? "[the new token]" : $"[token {old?.Fingerprint ?? "in force"}]";
            if (!has.TryGetValue(key, out var had))
            {
                added.Add(key);
                changes.Add($"+ {key}={value}");
                continue;
            }

            changes.Add($"- {key}={(had.Length == 0 ? "" : old is not null && old.Is(had) ? $"[token {old}]" : "[something else]")}");
            changes.Add($"+ {key}={value}");
            if (role == TokenRole.New && old is not null && !old.Is(had))
            {
                warnings.Add(old.Is(had.Trim()) ? $"{place}: {key} holds the token in force with white space around it, which no server takes; the new one is written without."
                    : $"{place}: {key} does not hold the token in force ({old}); it will hold the new one.");
            }
        }

        if (old is not null)
        {
            warnings.AddRange(has.Where(h => !roles.ContainsKey(h.Key) && h.Value.Contains(old.Reveal(), StringComparison.Ordinal))
                .Select(h => $"{place}: {h.Key} holds the token in force too, and is not in set: it will hold a dead one."));
        }

        return new() { Changes = changes, Warnings = warnings, AddedKeys = added };
    }

    /// <summary>The result of a change, a few words.</summary>
    public static string Said(int changed) => changed == 0 ? "already set" : $"{changed} {(changed == 1 ? "key" : "keys")} set";

    private string? Over(Delivery delivery, string key) => canBeEmpty && !IsAdded(delivery, key) ? "" : null;

    private static bool IsAdded(Delivery delivery, string key) => delivery.AddedKeys.Contains(key, StringComparer.Ordinal);
}
