using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>Before anything is changed: the token is the primary, nothing is in the way, and every destination can be written.</summary>
internal static class Preflight
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var request = run.Request;
        var began = run.Now;
        run.Old = request.Token;
        var caller = request.Token ?? request.Parent ?? throw NoToken(request);
        if (request.Destinations.Count == 0)
        {
            throw new RotationException(RotationFailure.Usage,
                "There is no destination, so the new token would reach nobody. Nothing was done. Name one: --dotenv FILE, or [[destination]] in tandem.toml (docs/rotate.md).");
        }

        var (fingerprint, why) = await LookAsync(run, cancel);
        if (why is not null)
        {
            throw why;
        }

        var name = await NameAsync(run, caller, cancel);
        await InspectAsync(run, request.Token, cancel);
        if (request.Leaked)
        {
            await run.AskAsync(
                new($"The token {fingerprint} has leaked: a new one is made, and {fingerprint} stops working at once. Everything that uses it fails until it has the new one.", [.. request.Destinations.Select(d => $"{d.Id} fails until it is delivered to")], fingerprint),
                cancel);
        }

        run.Save(new()
        {
            AccountSid = request.AccountSid,
            Target = request.Issuer.Target,
            Started = run.Now,
            StartedBy = request.StartedBy,
            Step = RotationStep.Creating,
            Leaked = request.Leaked,
            OldFingerprint = fingerprint!,
            AuditBefore = await LastAuditAsync(run, caller, cancel),
            Destinations = [.. request.Destinations.Select(d => new DestinationRecord { Name = d.Id })],
        });
        var known = request.Issuer.IsTwilio ? "whether a secondary exists cannot be read on Twilio" : "no secondary";
        run.Say("preflight", "ok", $"{name}: {fingerprint} is the primary, {known}, {Count(request.Destinations.Count)} writable", took: run.Now - began);
    }

    public static RotationException NoToken(RotationRequest request) => new(RotationFailure.Credential,
        $"No token of {request.AccountSid} was given. Nothing was done. Put it into TWILIO_AUTH_TOKEN, or name a file that holds it: --token-file FILE");

    /// <summary>The fingerprint of the token in force, or why a rotation cannot begin with the token that was given, or with the parent's.</summary>
    public static async Task<(string? Fingerprint, RotationException? Why)> LookAsync(RotationRun run, CancellationToken cancel)
    {
        try
        {
            if (run.Request.Token is { } token && await WhyNotAsync(run, token, cancel) is { } why)
            {
                return (token.Fingerprint, why);
            }

            if (run.Issuer.Insight is not { } insight)
            {
                return run.Request.Token is { } given ? (given.Fingerprint, null) : (null, NoToken(run.Request));
            }

            var caller = run.Request.Token ?? run.Request.Parent ?? throw NoToken(run.Request);
            var tokens = await insight.GetTokensAsync(caller, run.Request.AccountSid, cancel);
            return (tokens.Primary?.Fingerprint, await WhyNotAsync(run, insight, caller, tokens, cancel));
        }
        catch (TwilioException e)
        {
            return (null, RotationRun.Explain(e, e.Status == 429
                ? "That says nothing about the token; a Tandem throttles only an address that has presented many wrong ones. Nothing was changed. "
                    + "Check the token, wait a little and run again: tandem rotate"
                : "Nothing was changed. Is the server's address right, and does it run?"));
        }
        catch (TandemException e)
        {
            return (null, NotTandem(e, run.Issuer));
        }
    }

    /// <summary>Why a rotation cannot begin with this token of the account's own.</summary>
    private static async Task<RotationException?> WhyNotAsync(RotationRun run, HeldToken token, CancellationToken cancel) => await run.Issuer.CheckAsync(token, cancel) switch
    {
        TokenStanding.Refused => new(RotationFailure.Credential, $"The server refused the token for {token.Sid} (401, 20003): it is neither the primary nor the secondary of an active account. Nothing was changed. Check where the token was read; tandem config show says it."),
        TokenStanding.Secondary => new(RotationFailure.Precondition, $"The token given for {token.Sid} ({token}) is the secondary, so a rotation is under way somewhere else. Nothing was changed. Finish it there, or give the primary."),
        _ => null,
    };

    /// <summary>What a Tandem tells besides: whether somebody else is at it.</summary>
    private static async Task<RotationException?> WhyNotAsync(RotationRun run, TandemInsight insight, HeldToken caller, AccountTokens tokens, CancellationToken cancel)
    {
        if (tokens.Primary is null)
        {
            return new(RotationFailure.Precondition, $"{run.Request.AccountSid} is closed, so it has no token. Nothing was changed.");
        }

        var other = await insight.GetRotationAsync(caller, run.Request.AccountSid, cancel);
        if (other is { IsLive: true })
        {
            var step = other.Steps is [.., var last] ? last.Step.Replace('_', ' ') : "beginning";
            return RotationBeacon.Refusal(run.Issuer, run.Request.AccountSid,
                $"Another rotation of {run.Request.AccountSid} runs: {other.Owner}, since {other.Started.UtcDateTime:yyyy-MM-dd' 'HH:mm'Z'}, "
                + $"now {step}, last heard of {Durations.Show(run.Now > other.HeardAt ? run.Now - other.HeardAt : TimeSpan.Zero)} ago.");
        }

        if (tokens.Secondary is not { } secondary || run.Request.ReplaceSecondary)
        {
            return null;
        }

        var whose = other is { Progress: "running" or "stopped" } && string.Equals(other.NewFingerprint, secondary.Fingerprint, StringComparison.Ordinal)
            ? $"made by the rotation that {other.Owner} began at {other.Started.UtcDateTime:yyyy-MM-dd' 'HH:mm'Z'} and that was stopped"
            : "made outside this rotation";
        var use = secondary.LastUse is { } used ? $"last used {Durations.Show(run.Now - used)} ago" : "no use of it was seen";
        return new(RotationFailure.Precondition,
            $"A secondary token {secondary.Fingerprint} exists since {Durations.Show(TimeSpan.FromSeconds(secondary.AgeSeconds))}, {whose} ({use}). Nothing was changed. Whoever holds it can promote it; to delete it and make another: --replace-secondary");
    }

    public static async Task<string> NameAsync(RotationRun run, HeldToken caller, CancellationToken cancel)
    {
        try
        {
            return await run.Issuer.NameAsync(caller, run.Request.AccountSid, cancel);
        }
        catch (TwilioException)
        {
            // It is for people to read, and nothing depends on it.
            return $"{run.Request.AccountSid}";
        }
    }

    private static async Task<long?> LastAuditAsync(RotationRun run, HeldToken caller, CancellationToken cancel)
    {
        try
        {
            return run.Issuer.Insight is { } insight ? await insight.LastAuditAsync(caller, run.Request.AccountSid, cancel) : null;
        }
        catch (TandemException e)
        {
            throw NotTandem(e, run.Issuer);
        }
    }

    private static RotationException NotTandem(TandemException e, Issuer issuer) => new(RotationFailure.Failed,
        $"{issuer.Name} does not tell what a Tandem server tells of an account ({e.Message.TrimEnd('.')}). Nothing was changed. For Twilio itself: --twilio", e);

    private static async Task InspectAsync(RotationRun run, HeldToken? token, CancellationToken cancel)
    {
        var problems = new List<string>();
        foreach (var destination in run.Request.Destinations)
        {
            var found = await destination.InspectAsync(token, cancel);
            problems.AddRange(found.Problems.Select(p => $"{destination.Id}: {p}"));
            foreach (var warning in found.Warnings)
            {
                run.Say("preflight", "warning", warning, destination.Id);
            }

            if (run.Issuer.IsTwilio && !destination.HasCheck)
            {
                run.Say("preflight", "warning", "it has no verify command, and Twilio does not report who uses a token: that its consumer has moved will be taken on trust.", destination.Id);
            }
        }

        if (problems.Count > 0)
        {
            throw new RotationException(RotationFailure.Destination, $"{Count(problems.Count, "problem")} with the destinations. Nothing was changed:\n  - {string.Join("\n  - ", problems)}");
        }
    }

    private static string Count(int number, string what = "destination") => $"{number} {what}{(number == 1 ? "" : "s")}";
}
