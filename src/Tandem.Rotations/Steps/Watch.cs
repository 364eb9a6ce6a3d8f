using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>
/// Waits until nobody needs the old token. A Tandem server says so; Twilio tells nobody, so there the destinations' own checks and a minimum
/// time stand in for it, and the output says that. Then whoever runs this is asked.
/// </summary>
internal static class Watch
{
    private static readonly TimeSpan s_twilioSoak = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_checkPoll = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var began = run.Now;
        var verdict = await WaitAsync(run, began, cancel);
        await run.AskAsync(
            new($"The primary {run.State.OldFingerprint} of {run.State.AccountSid} stops working now; {run.New} takes its place.", verdict.State == UseState.Moved ? [] : Doubts(run, verdict), run.State.OldFingerprint), cancel);
        run.GoTo(RotationStep.Promoting);
    }

    private static async Task<UseVerdict> WaitAsync(RotationRun run, DateTimeOffset began, CancellationToken cancel)
    {
        var said = "";
        for (; ; )
        {
            run.StopIfTold();
            var verdict = await JudgeAsync(run, cancel);
            var required = verdict.IsGuarded ? WatchRequirement.All : run.Request.Watch.Require;
            if (run.Request.Force)
            {
                run.Say("watch", verdict.State == UseState.Moved ? "ok" : "warning", $"{verdict.Why}; not waited for (--force)", took: run.Now - began);
                return verdict;
            }

            var soak = SoakLeft(run);
            if (soak <= TimeSpan.Zero && IsEnough(required, verdict.State))
            {
                run.Say("watch", "ok", verdict.Why, took: run.Now - began);
                return verdict;
            }

            if (run.Request.Timeout is { } limit && run.Now - began >= limit)
            {
                throw Pending(verdict, IsEnough(required, verdict.State) ? soak : TimeSpan.Zero, run);
            }

            var waiting = soak > TimeSpan.Zero ? $"{verdict.Why}; soak: {Durations.Show(soak)} left" : verdict.Why;
            if (!string.Equals(said, verdict.Why, StringComparison.Ordinal))
            {
                run.Say("watch", "waiting", waiting);
                said = verdict.Why;
            }

            var pause = run.Request.Poll ?? (run.Issuer.IsTwilio ? s_checkPoll : s_poll);
            await run.WaitOrHoldAsync(soak > TimeSpan.Zero && soak < pause ? soak : pause, cancel);
        }
    }

    private static async Task<UseVerdict> JudgeAsync(RotationRun run, CancellationToken cancel)
    {
        if (run.Issuer.Insight is not { } insight)
        {
            return await CheckDestinationsAsync(run, cancel);
        }

        try
        {
            return await insight.JudgeAsync(run.New!, run.Now, cancel) with { IsGuarded = await insight.IsGuardedAsync(run.New!, cancel) };
        }
        catch (TandemException e) when (!e.IsTokenRefused)
        {
            return new(UseState.Unknown, $"the server cannot be asked: {e.Message.TrimEnd('.')}", []);
        }
        catch (TandemException e)
        {
            throw new RotationException(RotationFailure.Precondition, $"The secondary {run.New} is refused: somebody deleted or promoted it. Nothing was changed. Find out what is true and go on: tandem rotate", e);
        }
    }

    private static async Task<UseVerdict> CheckDestinationsAsync(RotationRun run, CancellationToken cancel)
    {
        var (passed, failed) = (0, new List<string>());
        foreach (var destination in run.Request.Destinations.Where(d => d.HasCheck))
        {
            try
            {
                await destination.VerifyAsync(run.DeliveryFor(destination), cancel);
                passed++;
            }
            catch (RotationException e) when (e.Failure == RotationFailure.Destination)
            {
                failed.Add($"{destination.Id}: {e.Message}");
            }
        }

        return failed.Count > 0
            ? new(UseState.NotYet, $"the check of {failed.Count} of {passed + failed.Count} consumers failed", failed)
            : new(UseState.Moved, $"verified by {passed} check{(passed == 1 ? "" : "s")}; Twilio does not report who uses a token", []);
    }

    private static TimeSpan SoakLeft(RotationRun run) =>
        run.State.DeliveredAt!.Value + (run.Request.Watch.Soak ?? (run.Issuer.IsTwilio ? s_twilioSoak : TimeSpan.Zero)) - run.Now;

    private static bool IsEnough(WatchRequirement required, UseState state) => required switch
    {
        WatchRequirement.All => state == UseState.Moved,
        WatchRequirement.Known => state != UseState.NotYet,
        _ => true,
    };

    private static IReadOnlyList<string> Doubts(RotationRun run, UseVerdict verdict) =>
        verdict.InTheWay.Count > 0 ? verdict.InTheWay : run.Request.Force || run.Request.Watch.Require == WatchRequirement.All ? [$"whoever still uses {run.State.OldFingerprint}: {verdict.Why}"] : [];

    private static RotationException Pending(UseVerdict verdict, TimeSpan soak, RotationRun run)
    {
        var who = verdict.InTheWay.Count > 0 ? $":\n  - {string.Join("\n  - ", verdict.InTheWay)}\n" : ". ";
        var why = soak > TimeSpan.Zero ? $"the soak has {Durations.Show(soak)} left" : verdict.IsGuarded ? $"{verdict.Why}, and the account's promote guard is on" : verdict.Why;
        return new(RotationFailure.Pending, $"Not promoted, and the time is up: {why}{who}{run.WhereThingsStand()} The state is kept. Go on waiting: tandem rotate. Promote anyway: tandem rotate --force. Go back: tandem rotate abort");
    }
}
