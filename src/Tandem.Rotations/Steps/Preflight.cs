using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>Before anything is changed: the token is the primary, nothing is in the way, and every destination can be written.</summary>
internal static class Preflight
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var request = run.Request;
        var began = run.Now;
        var token = request.Token ?? throw NoToken(request);
        run.Old = token;
        if (request.Destinations.Count == 0)
        {
            throw new RotationException(RotationFailure.Usage,
                "There is no destination, so the new token would reach nobody. Nothing was done. Name one: --dotenv FILE, or [[destination]] in tandem.toml (docs/rotate.md).");
        }

        if (await WhyNotAsync(run, token, cancel) is { } why)
        {
            throw why;
        }

        var name = await NameAsync(run, token, cancel);
        await InspectAsync(run, token, cancel);
        if (request.Leaked)
        {
            await run.AskAsync(
                new($"The token {token} has leaked: a new one is made, and {token} stops working at once. Everything that uses it fails until it has the new one.", [.. request.Destinations.Select(d => $"{d.Id} fails until it is delivered to")], token.Fingerprint),
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
            OldFingerprint = token.Fingerprint,
            AuditBefore = request.Issuer.Insight is { } insight ? await insight.LastAuditAsync(token, cancel) : null,
            Destinations = [.. request.Destinations.Select(d => new DestinationRecord { Name = d.Id })],
        });
        var known = request.Issuer.IsTwilio ? "whether a secondary exists cannot be read on Twilio" : "no secondary";
        run.Say("preflight", "ok", $"{name}: {token} is the primary, {known}, {Count(request.Destinations.Count)} writable", took: run.Now - began);
    }

    public static RotationException NoToken(RotationRequest request) => new(RotationFailure.Credential,
        $"No token of {request.AccountSid} was given. Nothing was done. Put it into TWILIO_AUTH_TOKEN, or name a file that holds it: --token-file FILE");

    /// <summary>Why a rotation cannot begin with this token; null when it can.</summary>
    public static async Task<RotationException?> WhyNotAsync(RotationRun run, HeldToken token, CancellationToken cancel)
    {
        var sid = run.Request.AccountSid;
        try
        {
            switch (await run.Issuer.CheckAsync(token, cancel))
            {
                case TokenStanding.Refused:
                    return new(RotationFailure.Credential, $"The server refused the token for {sid} (401, 20003): it is neither the primary nor the secondary of an active account. Nothing was changed. Check where the token was read; tandem config show says it.");
                case TokenStanding.Secondary:
                    return new(RotationFailure.Precondition, $"The token given for {sid} ({token}) is the secondary, so a rotation is under way somewhere else. Nothing was changed. Finish it there, or give the primary.");
                default:
                    break;
            }

            if (run.Issuer.Insight is { } insight && await insight.GetTokensAsync(token, cancel) is { Secondary: { } secondary } && !run.Request.ReplaceSecondary)
            {
                var use = secondary.LastUse is { } last ? $"last used {Durations.Show(run.Now - last)} ago" : "no use of it was seen";
                return new(RotationFailure.Precondition,
                    $"A secondary token {secondary.Fingerprint} exists since {Durations.Show(TimeSpan.FromSeconds(secondary.AgeSeconds))}, made outside this rotation ({use}). Nothing was changed. Whoever holds it can promote it; to delete it and make another: --replace-secondary");
            }

            return null;
        }
        catch (TwilioException e)
        {
            return RotationRun.Explain(e, "Nothing was changed. Is the server's address right, and does it run?");
        }
        catch (TandemException e)
        {
            return NotTandem(e, run.Issuer);
        }
    }

    public static async Task<string> NameAsync(RotationRun run, HeldToken token, CancellationToken cancel)
    {
        try
        {
            return await run.Issuer.NameAsync(token, cancel);
        }
        catch (TwilioException)
        {
            // It is for people to read, and nothing depends on it.
            return run.Request.AccountSid;
        }
    }

    private static RotationException NotTandem(TandemException e, Issuer issuer) => new(RotationFailure.Failed,
        $"{issuer.Name} does not tell what a Tandem server tells of an account ({e.Message.TrimEnd('.')}). Nothing was changed. For Twilio itself: --twilio", e);

    private static async Task InspectAsync(RotationRun run, HeldToken token, CancellationToken cancel)
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
