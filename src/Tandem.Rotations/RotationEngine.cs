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
        if (states.Load(request.AccountSid, request.Issuer.Target) is { } found)
        {
            await Resume.RunAsync(run, found.State, found.Tokens, cancel);
        }
        else
        {
            await Preflight.RunAsync(run, cancel);
        }

        while (run.State.Step != RotationStep.Done)
        {
            if (run.State.Step == RotationStep.RollingBack)
            {
                await Abort.RunAsync(run, cancel);
                return run.Finish("aborted");
            }

            await StepAsync(run, cancel);
        }

        return run.Finish("rotated");
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
        await Abort.RunAsync(run, cancel);
        return run.Finish("aborted");
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

        var token = run.Old ?? request.Token ?? throw Preflight.NoToken(request);
        var problems = new List<string>();
        if (unfinished is null && await Preflight.WhyNotAsync(run, token, cancel) is { } why)
        {
            problems.Add(why.Message);
        }

        var destinations = new List<(PlannedDestination, Inspection)>();
        foreach (var destination in request.Destinations)
        {
            destinations.Add((destination, await destination.InspectAsync(token, cancel)));
        }

        return new(await Preflight.NameAsync(run, unfinished is null ? token : run.New ?? token, cancel), token, unfinished?.State, destinations, problems);
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
