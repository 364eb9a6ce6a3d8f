namespace Tandem.Rotations.Destinations;

/// <summary>A destination as the plan has it: with what the user runs after a change to it, and to check it.</summary>
public sealed class PlannedDestination
{
    private readonly IDestination _at;
    private readonly Hook? _after;
    private readonly Hook? _verify;

    internal PlannedDestination(IDestination at, Hook? after, Hook? verify, bool? webhooks) =>
        (_at, _after, _verify, ReceivesWebhooks) = (at, after, verify, webhooks);

    /// <summary>Its type.</summary>
    public string Type => _at.Type;

    /// <summary>What tells it from others of its type.</summary>
    public string Name => _at.Name;

    /// <summary>Its key in the record of a rotation.</summary>
    public string Id => $"{Type} {Name}";

    /// <summary>Whether webhooks are received there, as the plan says; null when it says nothing.</summary>
    public bool? ReceivesWebhooks { get; }

    /// <summary>Whether the plan gives it the old token too during the overlap.</summary>
    public bool HoldsBoth => _at.HoldsBoth;

    /// <summary>Whether a command of the user's tells that its consumer works.</summary>
    public bool HasCheck => _verify is not null || _at is CommandDestination;

    /// <summary>Whether variables of Twilio Functions are written there: those take a minute to notice a promotion.</summary>
    public bool IsFunctions => _at is FunctionsDestination;

    /// <summary>Looks, and changes nothing.</summary>
    public async Task<Inspection> InspectAsync(HeldToken? old, CancellationToken cancel = default)
    {
        var found = await _at.InspectAsync(old, cancel);
        var problems = new[] { _after?.Problem(), _verify?.Problem() }.OfType<string>();
        return found with
        {
            Problems = [.. found.Problems, .. problems],
            Changes = [.. found.Changes, .. _after is null ? [] : new[] { $"runs {_after.Text}" }],
            Warnings = ReceivesWebhooks is true && !HoldsBoth
                ? [.. found.Warnings, "webhooks are received there and it gets one token only: between the delivery and the promotion it refuses every signature, which Twilio makes with the old one. Add TWILIO_AUTH_TOKEN_ALT = \"old\" to its set, and check against both."]
                : found.Warnings,
        };
    }

    /// <summary>The account and the token that stand there now; null for what does not, or cannot be read.</summary>
    public (string? Sid, string? Token) ReadCredential() => _at is DotenvDestination file ? file.ReadCredential() : default;

    internal async Task<string> DeliverAsync(Delivery delivery, CancellationToken cancel)
    {
        var done = await _at.DeliverAsync(delivery, cancel);
        return await AfterAsync("deliver", delivery, cancel) ? $"{done}, ran {_after!.Text}" : done;
    }

    internal async Task VerifyAsync(Delivery delivery, CancellationToken cancel)
    {
        await _at.VerifyAsync(delivery, cancel);
        if (_verify is not null)
        {
            await _verify.RunAsync("verify", delivery, cancel);
        }
    }

    internal async Task<string?> RollBackAsync(Delivery delivery, CancellationToken cancel)
    {
        var odd = await _at.RollBackAsync(delivery, cancel);
        await AfterAsync("rollback", delivery, cancel);
        return odd;
    }

    internal async Task<string?> TidyAsync(Delivery delivery, CancellationToken cancel)
    {
        var done = await _at.TidyAsync(delivery, cancel);
        return done is not null && await AfterAsync("tidy", delivery, cancel) ? $"{done}, ran {_after!.Text}" : done;
    }

    private async Task<bool> AfterAsync(string phase, Delivery delivery, CancellationToken cancel)
    {
        if (_after is null)
        {
            return false;
        }

        await _after.RunAsync(phase, delivery, cancel);
        return true;
    }
}
