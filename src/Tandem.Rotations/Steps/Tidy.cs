namespace Tandem.Rotations.Steps;

/// <summary>Takes the old token out of the destinations that had both.</summary>
internal static class Tidy
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        foreach (var destination in run.Request.Destinations.Where(d => run.RecordOf(d)!.Progress != DestinationProgress.Tidied))
        {
            try
            {
                if (await destination.TidyAsync(run.DeliveryFor(destination), cancel) is { } done)
                {
                    run.Say("tidy", "ok", done, destination.Id);
                }

                run.Save(run.State.With(destination.Id, d => d with { Progress = DestinationProgress.Tidied }));
            }
            catch (RotationException e) when (e.Failure == RotationFailure.Destination)
            {
                throw new RotationException(RotationFailure.Destination, $"{destination.Id} could not be tidied: {e.Message}\n{run.WhereThingsStand()} Nothing is broken. Run again: tandem rotate", e);
            }
        }

        run.GoTo(RotationStep.Done);
    }
}
