using System.CommandLine;
using Tandem.Rotations;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem rotate</c>.</summary>
internal static class RotateCommand
{
    public static Command Create()
    {
        var (options, flags, fleet, output) = (new RotateOptions(), new RotateFlags(), new FleetFlags(), new Output());
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would be done, as tandem rotate plan does, and do nothing." };
        var command = new Command("rotate", "Replace an account's token: create, deliver, watch, promote, verify. Goes on with a rotation that was stopped.")
        {
            PlanVerb(),
            StatusVerb(),
            AbortVerb(),
            dryRun,
        };
        options.AddTo(command);
        flags.AddTo(command);
        fleet.AddTo(command);
        output.AddTo(command);
        command.SetAction((parsed, cancel) => parsed.GetValue(dryRun)
            ? PreviewAsync(options, fleet, parsed, output.Of(parsed), cancel)
            : Failures.InWordsAsync(() => RotateAsync(options, flags, fleet, output, parsed, cancel)));
        return command;
    }

    private static Command PlanVerb()
    {
        var (options, fleet, output) = (new RotateOptions(), new FleetFlags(), new Output());
        var command = new Command("plan", "Show what a rotation would do, each destination's changes with every value masked, and do nothing.");
        options.AddTo(command);
        fleet.AddTo(command);
        output.AddTo(command);
        command.SetAction((parsed, cancel) => PreviewAsync(options, fleet, parsed, output.Of(parsed), cancel));
        return command;
    }

    private static Command StatusVerb()
    {
        var (state, output) = (RotateOptions.StateOption(), new Output());
        var command = new Command("status", "List unfinished rotations of this machine.") { state };
        output.AddTo(command);
        command.SetAction(parsed => Failures.InWords(() =>
        {
            var states = RotateSettings.OpenState(parsed.GetValue(state));
            var all = states.List();
            Output.Write(output.Of(parsed), all, RotationJson.Default.IReadOnlyListRotationState,
            [
                ["ACCOUNT", "AT", "STEP", "OLD", "NEW", "STARTED", "BY", "RUNS NOW"],
                .. all.Select(s => new[]
                {
                    $"{s.AccountSid}", s.Target, s.Step.ToString().ToLowerInvariant(), s.OldFingerprint, s.NewFingerprint ?? "-",
                    Print.Time(s.Started), s.StartedBy, states.WorkedOnBy(s.AccountSid, s.Target) ?? "no",
                }),
            ]);
            Console.Error.WriteLine(states.HasFleet ? "next: tandem rotate --all-subaccounts goes on with the fleet that is unfinished, tandem rotate abort --all-subaccounts goes back"
                : all.Count == 0 ? "no rotation is unfinished" : "next: tandem rotate goes on, tandem rotate abort goes back");
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command AbortVerb()
    {
        var (options, output, yes) = (new RotateOptions(), new Output(), TokenCommand.YesOption());
        var (replace, fleet) = (RotateFlags.ReplaceOption(), new FleetFlags(hasPace: false));
        var noColor = ErrorTerminal.NoColorOption();
        var command = new Command("abort", "Go back: every destination gets the old token again, then the secondary is deleted.") { yes, replace, noColor };
        options.AddTo(command);
        fleet.AddTo(command);
        output.AddTo(command);
        command.SetAction((parsed, cancel) => Failures.InWordsAsync(async () =>
        {
            var settings = new RotateSettings(options, parsed);
            RotateHost.NeedAnswers(parsed.GetValue(yes));
            var telling = new RotateOutput(output.Of(parsed), new(parsed.GetValue(noColor)), withAccount: fleet.IsFleet(parsed));
            if (fleet.IsFleet(parsed))
            {
                return await new RotateFleet(settings, new(), fleet, parsed).AbortAsync(
                    RotateSettings.OpenState(parsed.GetValue(options.State)), telling, one => one with { ReplaceSecondary = parsed.GetValue(replace) }, parsed.GetValue(yes), cancel);
            }

            using var issuer = settings.CreateIssuer();
            var host = new RotateHost(telling, parsed.GetValue(yes), force: false);
            var request = new RotationRequest
            {
                AccountSid = AccountSid.Parse(settings.NeedSid()),
                Issuer = issuer,
                Token = settings.ReadToken().Token,
                Destinations = settings.Destinations,
                ReplaceSecondary = parsed.GetValue(replace),
                StartedBy = RotateFlags.Who,
            };
            var result = await new RotationEngine(RotateSettings.OpenState(parsed.GetValue(options.State)), host.Create()).AbortAsync(request, cancel);
            Finish(telling, result, "back where it began");
            return ExitCode.Done;
        }));
        return command;
    }

    private static async Task<int> RotateAsync(RotateOptions options, RotateFlags flags, FleetFlags fleet, Output output, ParseResult parsed, CancellationToken cancel)
    {
        var settings = new RotateSettings(options, parsed);
        RotateHost.NeedAnswers(flags.IsYes(parsed));
        var states = RotateSettings.OpenState(parsed.GetValue(options.State));
        if (fleet.IsFleet(parsed))
        {
            return await new RotateFleet(settings, flags, fleet, parsed).RotateAsync(states, output.Of(parsed), cancel);
        }

        using var issuer = settings.CreateIssuer();
        var telling = new RotateOutput(output.Of(parsed), flags.Terminal(parsed), withAccount: false);
        var request = flags.Apply(parsed, new()
        {
            AccountSid = AccountSid.Parse(settings.NeedSid()),
            Issuer = issuer,
            Token = settings.ReadToken().Token,
            Destinations = settings.Destinations,
            Watch = settings.Plan.Watch,
            StartedBy = RotateFlags.Who,
        });
        telling.Terminal.Line($"account   {request.AccountSid}   at {issuer.Name}");
        telling.Terminal.Line($"plan      {settings.PlanSource.Value ?? "none"}, {settings.Destinations.Count} destination{(settings.Destinations.Count == 1 ? "" : "s")}");
        var host = new RotateHost(telling, flags.IsYes(parsed), request.Force);
        try
        {
            Finish(telling, await new RotationEngine(states, host.Create()).RotateAsync(request, cancel), "rotated");
            return ExitCode.Done;
        }
        catch (OperationCanceledException e) when (cancel.IsCancellationRequested)
        {
            telling.Terminal.Clear();
            throw new CommandException(ExitCode.Interrupted, !File.Exists(states.FileOf(request.AccountSid, issuer.Target)) ? "Interrupted. Nothing was changed."
                : "Interrupted. The state is kept, and nothing is broken. Go on: tandem rotate. Go back: tandem rotate abort. Look: tandem rotate status", e);
        }
        finally
        {
            telling.Terminal.Clear();
        }
    }

    private static void Finish(RotateOutput telling, RotationResult result, string outcome)
    {
        var state = result.Report.State;
        telling.Terminal.Line($"{outcome} in {Durations.Show(result.Report.Finished - state.Started)}.  report: {result.Path}");
        if (telling.Format != OutputFormat.Json)
        {
            Output.Write(telling.Format, result.Report, RotationJson.Default.RotationReport,
                [["ACCOUNT", "OUTCOME", "OLD", "NEW"],
                [$"{state.AccountSid}", result.Report.Outcome, state.OldFingerprint, state.NewFingerprint ?? "-"]]);
        }
    }

    private static Task<int> PreviewAsync(RotateOptions options, FleetFlags fleet, ParseResult parsed, OutputFormat format, CancellationToken cancel) => Failures.InWordsAsync(async () =>
    {
        var settings = new RotateSettings(options, parsed);
        if (fleet.IsFleet(parsed))
        {
            return await new RotateFleet(settings, new(), fleet, parsed).PreviewAsync(RotateSettings.OpenState(parsed.GetValue(options.State)), format, cancel);
        }

        using var issuer = settings.CreateIssuer();
        var host = new RotateHost(new(format, new(noColor: true), withAccount: false), yes: false, force: false);
        var preview = await new RotationEngine(RotateSettings.OpenState(parsed.GetValue(options.State)), host.Create()).PreviewAsync(
            new()
            {
                AccountSid = AccountSid.Parse(settings.NeedSid()),
                Issuer = issuer,
                Token = settings.ReadToken().Token,
                Destinations = settings.Destinations,
                StartedBy = RotateFlags.Who,
            },
            cancel);
        var problems = preview.Problems.Concat(preview.Destinations.SelectMany(d => d.Found.Problems.Select(p => $"{d.Destination.Id}: {p}"))).ToList();
        RotatePreview.Write(format, preview, issuer, problems);
        await Console.Error.WriteLineAsync(problems.Count == 0 ? "next: nothing was changed. To do it: tandem rotate"
            : $"This would stop before anything is changed:\n  - {string.Join("\n  - ", problems)}");
        return problems.Count == 0 ? ExitCode.Done : preview.Problems.Count > 0 ? ExitCode.Precondition : ExitCode.Destination;
    });
}
