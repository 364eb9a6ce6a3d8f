namespace Tandem.Rotations.Destinations;

/// <summary>Which of the two tokens a key gets.</summary>
public enum TokenRole
{
    /// <summary>The new token.</summary>
    New,

    /// <summary>The old token, during the overlap; afterwards the key is emptied, or taken out when the rotation put it there.</summary>
    Old,
}

/// <summary>Keys of an env file, set where they stand.</summary>
internal sealed class DotenvDestination(EnvFile file, IReadOnlyDictionary<string, TokenRole> keys) : IDestination
{
    private const int MostNamed = 10;
    private const int MostCopied = 256 * 1024;

    public string Type => "dotenv";

    public string Name => file.Path;

    public bool HoldsBoth => keys.Values.Contains(TokenRole.Old);

    public Task<Inspection> InspectAsync(HeldToken? old, CancellationToken cancel)
    {
        try
        {
            return Task.FromResult(Inspect(file.Read(), old));
        }
        catch (RotationException e)
        {
            return Task.FromResult(new Inspection { Problems = [e.Message] });
        }
    }

    public Task<string> DeliverAsync(Delivery delivery, CancellationToken cancel)
    {
        var changed = file.Change(text => Fill(text, delivery.Tokens));
        return Task.FromResult(changed ? $"{keys.Count} {(keys.Count == 1 ? "key" : "keys")} set" : "already set");
    }

    public Task VerifyAsync(Delivery delivery, CancellationToken cancel)
    {
        var text = file.Read();
        foreach (var key in keys.Where(k => k.Value == TokenRole.New).Select(k => k.Key))
        {
            if (EnvText.Find(text, key) is not [.., var last] || !delivery.Tokens.New.Is(EnvText.ValueOf(text, last)))
            {
                throw new RotationException(RotationFailure.Destination, $"{file.Path} does not hold the new token {delivery.Tokens.New} in {key}: something else has written it since.");
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// With the copy from before the rotation, the lines of the keys are put back as they were; without one, the keys get the old token. What others
    /// have written to other lines stays, and is reported.
    /// </summary>
    public Task<string?> RollBackAsync(Delivery delivery, CancellationToken cancel)
    {
        // A key that was there before and is gone means that the file was cut off or is another one: adding the key would hide that.
        if (keys.FirstOrDefault(k => k.Value == TokenRole.New && !IsAdded(delivery, k.Key) && EnvText.Find(file.Read(), k.Key).Count == 0).Key is { } lost)
        {
            throw new RotationException(RotationFailure.Destination, $"{file.Path} no longer has {lost}, which it had before the rotation: "
                + $"something else has changed the file, or cut it off. Compare it with a copy of yours, and put a line {lost}= back.");
        }

        if (delivery.Before is { Text: var before })
        {
            file.Change(text => Restored(text, before));
            return Task.FromResult(EnvText.LinesNotIn(file.Read(), before) is { Count: > 0 } lines ? Odd(lines) : null);
        }

        if (delivery.Tokens.Old is not { } old)
        {
            throw new RotationException(RotationFailure.Destination, $"{file.Path} cannot be given the old token back: nobody at hand holds it.");
        }

        file.Change(text => keys.Aggregate(text, (soFar, key) =>
            IsAdded(delivery, key.Key) ? EnvText.Remove(soFar, key.Key)
            : key.Value == TokenRole.New ? EnvText.Set(soFar, key.Key, old.Reveal(), neighbour: null)
            : Emptied(soFar, key.Key)));
        VerifyRolledBack(file.Read(), old, delivery);
        return Task.FromResult<string?>(null);
    }

    public Task<string?> TidyAsync(Delivery delivery, CancellationToken cancel)
    {
        var over = keys.Where(k => k.Value == TokenRole.Old).Select(k => k.Key).ToList();
        var changed = over.Count > 0 && file.Change(text => over.Aggregate(text, (soFar, key) =>
            IsAdded(delivery, key) ? EnvText.Remove(soFar, key) : Emptied(soFar, key)));
        return Task.FromResult(changed ? $"{string.Join(", ", over)} taken out" : null);
    }

    /// <summary>What a consumer of the file reads now.</summary>
    public (string? Sid, string? Token) ReadCredential()
    {
        try
        {
            var text = file.Read();
            return (Current(text, "TWILIO_ACCOUNT_SID"), Current(text, keys.First(k => k.Value == TokenRole.New).Key));
        }
        catch (RotationException)
        {
            return default;
        }
    }

    private void VerifyRolledBack(string text, HeldToken old, Delivery delivery)
    {
        foreach (var (key, role) in keys)
        {
            var value = Current(text, key);
            if (role == TokenRole.New && !IsAdded(delivery, key) ? !old.Is(value) : value is not null)
            {
                throw new RotationException(RotationFailure.Destination, $"{file.Path} does not hold in {key} what it held before the rotation: "
                    + "something else has written it since.");
            }
        }
    }

    private static bool IsAdded(Delivery delivery, string key) => delivery.AddedKeys.Contains(key, StringComparer.Ordinal);

    /// <summary>The text with the key's value taken out, and no key added that is not there.</summary>
    private static string Emptied(string text, string key) => EnvText.Find(text, key).Count == 0 ? text : EnvText.Set(text, key, "", neighbour: null);

    /// <summary>The added keys go first, so that the file's last line is the last again; a line end that was added to it goes as well.</summary>
    private string Restored(string text, string before)
    {
        var restored = keys.Keys.OrderBy(key => EnvText.Find(before, key).Count).Aggregate(text, (soFar, key) => EnvText.Restore(soFar, before, key));
        return string.Equals(restored.TrimEnd('\r', '\n'), before.TrimEnd('\r', '\n'), StringComparison.Ordinal) ? before : restored;
    }

    /// <summary>By their numbers: what stands there may be a secret.</summary>
    private static string Odd(IReadOnlyList<int> lines)
    {
        var named = string.Join(", ", lines.Take(MostNamed)) + (lines.Count > MostNamed ? $" and {lines.Count - MostNamed} more" : "");
        return $"has lines that were not there before the rotation and that the rotation did not write: line {named}. "
            + "They were kept. Check them before anything reads the file.";
    }

    private static string? Current(string text, string key) =>
        EnvText.Find(text, key) is [.., var last] && EnvText.ValueOf(text, last) is { Length: > 0 } value ? value : null;

    /// <summary>New keys first, so that a key for the old token finds the neighbour it is put beside.</summary>
    private string Fill(string text, TokenPair tokens)
    {
        var neighbour = keys.FirstOrDefault(k => k.Value == TokenRole.New).Key;
        foreach (var (key, role) in keys.OrderBy(k => k.Value))
        {
            if ((role == TokenRole.New ? tokens.New : tokens.Old) is { } token)
            {
                text = EnvText.Set(text, key, token.Reveal(), neighbour);
            }
        }

        return text;
    }

    private Inspection Inspect(string text, HeldToken? old)
    {
        var (changes, warnings, added) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var (key, role) in keys.OrderBy(k => k.Value))
        {
            var all = EnvText.Find(text, key);
            var value = role == TokenRole.New ? "[the new token]" : $"[token {old?.Fingerprint ?? "in force"}]";
            if (all is not [.., var last])
            {
                added.Add(key);
                changes.Add($"+ {key}={value}");
                continue;
            }

            foreach (var at in all)
            {
                var quote = at.Quote == '\0' ? "" : at.Quote.ToString();
                var had = EnvText.ValueOf(text, at);
                var shown = had.Length == 0 ? "" : old is not null && old.Is(had) ? $"[token {old}]" : "[something else]";
                changes.Add($"- {(at.IsExported ? "export " : "")}{key}={quote}{shown}{quote}");
                changes.Add($"+ {(at.IsExported ? "export " : "")}{key}={quote}{value}{quote}");
                if (at.Form is { } form)
                {
                    warnings.Add($"{file.Path}: {key} is left as it is written, but parsers disagree on it: {form}.");
                }
            }

            if (role == TokenRole.New && old is not null && !old.Is(EnvText.ValueOf(text, last)))
            {
                warnings.Add($"{file.Path}: {key} does not hold the token in force ({old}); it will hold the new one.");
            }

            if (all.Count > 1)
            {
                warnings.Add($"{file.Path}: {key} stands there {all.Count} times; parsers take the last, and all of them are set.");
            }
        }

        if (file.IsHardLinked())
        {
            warnings.Add($"{file.Path} has several names (hard links), so it is rewritten in place: a reader may see half of it.");
        }

        return new()
        {
            Changes = changes,
            Warnings = warnings,
            AddedKeys = added,
            Copy = text.Length <= MostCopied ? new(text) : null,
            Problems = file.WhyNotWritable() is { } problem ? [problem] : [],
        };
    }
}
