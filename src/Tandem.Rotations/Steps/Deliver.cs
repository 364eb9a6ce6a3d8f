using Tandem.Rotations.Destinations;

namespace Tandem.Rotations.Steps;

/// <summary>Gives the new token to each destination that does not have it yet, one after the other, and checks that it is there.</summary>
internal static class Deliver
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        foreach (var destination in run.Request.Destinations)
        {
            if (run.RecordOf(destination)!.Progress != DestinationProgress.Delivered)
            {
                await DeliverAsync(run, destination, cancel);
            }
        }

        run.Save(run.State with { DeliveredAt = run.Now, Step = run.State.Leaked ? RotationStep.Settling : RotationStep.Watching });
    }

    private static async Task DeliverAsync(RotationRun run, PlannedDestination destination, CancellationToken cancel)
    {
        var began = run.Now;
        try
        {
            if (run.RecordOf(destination)!.AddedKeys is null)
            {
                // Before the first delivery: afterwards nobody could tell which keys were there.
                var found = await destination.InspectAsync(run.Old, cancel);
                run.Keep(destination, found.Copy);
                run.Save(run.State.With(destination.Id, d => d with { AddedKeys = found.AddedKeys }));
            }

            run.Save(run.State.With(destination.Id, d => d with { Progress = DestinationProgress.Delivering }));
            var done = await destination.DeliverAsync(run.DeliveryFor(destination), cancel);
            await destination.VerifyAsync(run.DeliveryFor(destination), cancel);
            run.Save(run.State.With(destination.Id, d => d with { Progress = DestinationProgress.Delivered }));
            run.Say("deliver", "ok", done, destination.Id, run.Now - began);
        }
        catch (RotationException e) when (e.Failure == RotationFailure.Destination)
        {
            run.Say("deliver", "failed", e.Message, destination.Id, run.Now - began);
            throw new RotationException(RotationFailure.Destination, $"{destination.Id} failed: {e.Message}\n{run.WhereThingsStand()} The state is kept. Correct it and run again: tandem rotate{(run.State.MayBePromoted ? "" : " — or go back: tandem rotate abort")}", e);
        }
    }
}
