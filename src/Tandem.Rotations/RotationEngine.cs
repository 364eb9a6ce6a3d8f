using Tandem.Rotations.Destinations;
using Tandem.Rotations.Steps;

namespace Tandem.Rotations;

/// <summary>
/// Rotates an account's token: preflight, create, deliver, watch, promote, settle, verify, tidy. Each step is recorded before it begins and may
/// be repeated, so a rotation that was stopped anywhere, by whatever, goes on when it is run again, or goes back.
/// </summary>
/// <param name="states">Where rotations are remembered.</param>
/// <param name="host">Who is told and asked.</param>
public sealed class RotationEngine(StateDirectory states, RotationHost host)
{
    /// <summary>Rotates, or goes on with a rotation that was stopped.</summary>
    /// <exception cref="RotationException">It stops; the failure says what can be done.</exception>
    public async Task<RotationResult> RotateAsync(RotationRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var alone = states.Lock(request.AccountSid, request.Issuer.Target, request.StartedBy, host.Time.GetUtcNow());
        var run = new RotationRun(states, host, request);
        var unfinished = states.Load(request.AccountSid, request.Issuer.Target);
        if (unfinished is { } found)
        {
            await Resume.RunAsync(run, found.State, found.Tokens, cancel);
        }
        else
        {
            await Preflight.RunAsync(run, cancel);
        }

        return await TellingAsync(run, isNew: unfinished is null, async () =>
        {
            while (run.State.Step != RotationStep.Done)
            {
                if (run.State.Step == RotationStep.RollingBack)
                {
                    await Abort.RunAsync(run, cancel);
                    return "aborted";
                }

                run.StopIfTold();
                await StepAsync(run, cancel);
            }

            return "rotated";
        });
    }

    /// <summary>Goes back: destinations get the old token again, and the secondary is deleted. Not possible once the old token is dead.</summary>
    /// <exception cref="RotationException">It stops, or there is nothing to go back from.</exception>
    public async Task<RotationResult> AbortAsync(RotationRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var alone = states.Lock(request.AccountSid, request.Issuer.Target, request.StartedBy, host.Time.GetUtcNow());
        var run = new RotationRun(states, host, request);
        var (state, tokens) = states.Load(request.AccountSid, request.Issuer.Target) ?? throw new RotationException(
            RotationFailure.Precondition, $"No rotation of {request.AccountSid} at {request.Issuer.Name} is unfinished, so there is nothing to go back from. Nothing was changed.");
        run.Adopt(state, tokens);
        Resume.Recognise(run);
        return await TellingAsync(run, isNew: false, async () =>
        {
            await Abort.RunAsync(run, cancel);
            return "aborted";
        });
    }

    /// <summary>Finds out what a rotation would do, and changes nothing.</summary>
    public async Task<RotationPreview> PreviewAsync(RotationRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var run = new RotationRun(states, host, request);
        var unfinished = states.Load(request.AccountSid, request.Issuer.Target);
        if (unfinished is { } found)
        {
            run.Adopt(found.State, found.Tokens);
        }

        var token = run.Old ?? request.Token;
        var problems = new List<string>();
        var fingerprint = token?.Fingerprint;
        if (unfinished is null)
        {
            var (found0, why) = await Preflight.LookAsync(run, cancel);
            fingerprint = found0 ?? fingerprint;
            problems.AddRange(why is null ? [] : [why.Message]);
        }

        var destinations = new List<(PlannedDestination, Inspection)>();
        foreach (var destination in request.Destinations)
        {
            destinations.Add((destination, await destination.InspectAsync(token, cancel)));
        }

        var name = await Preflight.NameAsync(run, (unfinished is null ? token : run.New ?? token) ?? request.Parent ?? throw Preflight.NoToken(request), cancel);
        return new(request.AccountSid, name, fingerprint ?? unfinished?.State.OldFingerprint ?? "", unfinished?.State, destinations, problems);
    }

    /// <summary>Goes on while the server is told of it. A new one that may not begin, because another runs, leaves nothing behind.</summary>
    private async Task<RotationResult> TellingAsync(RotationRun run, bool isNew, Func<Task<string>> go)
    {
        await using var beacon = await BeginAsync(run, isNew);
        run.Beacon = beacon;
        try
        {
            var outcome = await go();
            await beacon.EndAsync(outcome, null); // before the state is erased: killed in between, nobody would ever tell it
            return run.Finish(outcome);
        }
        catch (Exception e)
        {
            await beacon.EndAsync("stopped", e is RotationException ? e.Message : "interrupted");
            throw;
        }
    }

    private async Task<RotationBeacon> BeginAsync(RotationRun run, bool isNew)
    {
        try
        {
            return await RotationBeacon.BeginAsync(run, host.Time);
        }
        catch (RotationException) when (isNew)
        {
            run.Forget();
            throw;
        }
    }

    private static Task StepAsync(RotationRun run, CancellationToken cancel) => run.State.Step switch
    {
        RotationStep.Creating => Create.RunAsync(run, cancel),
        RotationStep.Delivering => Deliver.RunAsync(run, cancel),
        RotationStep.Watching => Watch.RunAsync(run, cancel),
        RotationStep.Promoting => Promote.RunAsync(run, cancel),
        RotationStep.Settling => Proof.SettleAsync(run, cancel),
        RotationStep.Verifying => Proof.RunAsync(run, cancel),
        _ => Tidy.RunAsync(run, cancel),
    };
}
