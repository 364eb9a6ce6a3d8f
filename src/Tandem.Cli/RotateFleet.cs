using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tandem.Rotations;
using Tandem.Rotations.Fleets;

namespace Tandem.Cli;

/// <summary><c>tandem rotate --all-subaccounts</c>: one summary for all of them.</summary>
internal sealed class RotateFleet(RotateSettings settings, RotateFlags flags, FleetFlags fleetFlags, ParseResult parsed)
{
    public async Task<int> RotateAsync(StateDirectory states, OutputFormat format, CancellationToken cancel)
    {
        using var issuer = settings.CreateIssuer();
        var telling = new RotateOutput(format, flags.Terminal(parsed), withAccount: true);
        var request = Request(issuer, flags.Apply);
        telling.Terminal.Line($"fleet     the subaccounts of {request.Parent.Sid}   at {issuer.Name}");
        telling.Terminal.Line($"plan      {settings.PlanSource.Value ?? "none"}, {request.Canary} first, then {request.Parallel} at a time");
        await Confirm.AskAsync("The tokens of all subaccounts that are selected are replaced, each when nobody needs its old one.", flags.IsYes(parsed), cancel);
        return End(await TellAsync(telling, fleet => fleet.RotateAsync(request, cancel), states), cancel);
    }

    /// <summary>Goes back with those that are unfinished.</summary>
    public async Task<int> AbortAsync(StateDirectory states, RotateOutput telling, Func<RotationRequest, RotationRequest> apply, bool yes, CancellationToken cancel)
    {
        using var issuer = settings.CreateIssuer();
        var request = Request(issuer, (_, one) => apply(one));
        await Confirm.AskAsync("Every rotation of a subaccount that is unfinished goes back: its destinations get the old token again, and its secondary stops working.", yes, cancel);
        var report = await TellAsync(telling, fleet => fleet.AbortAsync(request, cancel), states);
        var back = report.Accounts.Count(a => a.Outcome == FleetOutcome.WentBack);
        await Console.Error.WriteLineAsync($"{back} of {report.Accounts.Count} went back.");
        return back == report.Accounts.Count ? ExitCode.Done
            : throw new CommandException(report.Failure is { } failure ? Failures.CodeOf(failure.Failure) : ExitCode.Interrupted, $"{report.Failure?.Message ?? "Interrupted."}\nRun again: tandem rotate abort --all-subaccounts");
    }

    private static async Task<FleetReport> TellAsync(RotateOutput telling, Func<Fleet, Task<FleetReport>> run, StateDirectory states)
    {
        try
        {
            var report = await run(new(states, new RotateHost(telling, yes: true, force: true).Create()));
            telling.Terminal.Clear();
            if (telling.Format == OutputFormat.Json)
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(report, RotationJson.Default.FleetReport)); // one more line of what was told all the while
            }
            else
            {
                Output.Write(telling.Format, report, RotationJson.Default.FleetReport, Rows(report));
            }

            return report;
        }
        finally
        {
            telling.Terminal.Clear();
        }
    }

    public async Task<int> PreviewAsync(StateDirectory states, OutputFormat format, CancellationToken cancel)
    {
        using var issuer = settings.CreateIssuer();
        var host = new RotateHost(new(format, new(noColor: true), withAccount: true), yes: false, force: false);
        var previews = await new Fleet(states, host.Create()).PreviewAsync(Request(issuer, static (_, request) => request), cancel);
        IReadOnlyList<FleetPreviewInfo> shown = [.. previews.Select(p => new FleetPreviewInfo(
            $"{p.Member.Sid}", p.Member.Name, p.Preview?.Fingerprint, [.. p.Preview?.Destinations.Select(d => d.Destination.Id) ?? []], p.Problems))];
        Output.Write(format, shown, CliJson.Default.IReadOnlyListFleetPreviewInfo,
        [
            ["ACCOUNT", "NAME", "TOKEN", "DESTINATIONS", "PROBLEMS"],
            .. shown.Select(s => new[] { s.AccountSid, s.Name, s.TokenFingerprint ?? "-", string.Join(", ", s.Destinations), s.Problems.Count == 0 ? "-" : string.Join("; ", s.Problems) }),
        ]);
        var wrong = shown.Count(s => s.Problems.Count > 0);
        await Console.Error.WriteLineAsync(wrong == 0 ? $"next: nothing was changed. To rotate these {shown.Count}: tandem rotate --all-subaccounts"
            : $"{wrong} of {shown.Count} would stop the fleet before anything of theirs is changed. Correct them, or leave them out: --select sid!=AC…");
        return wrong == 0 ? ExitCode.Done : ExitCode.Precondition;
    }

    private FleetRequest Request(Issuer issuer, Func<ParseResult, RotationRequest, RotationRequest> apply)
    {
        var sid = settings.NeedSid();
        var parent = settings.ReadToken().Token
            ?? throw new CommandException(ExitCode.Forbidden, $"No token of {sid} was given, whose subaccounts are to be rotated. Nothing was done. Put it into TWILIO_AUTH_TOKEN, or name a file that holds it: --token-file FILE");
        return fleetFlags.Apply(parsed, new()
        {
            Issuer = issuer,
            Parent = parent,
            Labels = settings.Plan.Labels,
            Selection = FleetSelection.Parse([], []),
            RequestFor = member => apply(parsed, RequestFor(member, issuer, parent)),
            StartedBy = RotateFlags.Who,
        });
    }

    /// <summary>With the account's own token, where the issuer shows it or its destination holds it; else, on Tandem, with the parent's.</summary>
    private RotationRequest RequestFor(FleetMember member, Issuer issuer, HeldToken parent)
    {
        var destinations = settings.DestinationsFor(member.Sid);
        var holder = destinations.FirstOrDefault(d => d.ReadCredential().Token is not null);
        var (standsSid, standing) = holder?.ReadCredential() ?? default;
        if (standsSid is not null && !(AccountSid.TryParse(standsSid.AsSpan(), out var stands) && stands == member.Sid))
        {
            throw new RotationException(RotationFailure.Usage, $"{holder!.Id} belongs to {standsSid}, and would be given the token of {member.Sid}. Nothing was done. Correct what names it in the plan.");
        }

        return new()
        {
            AccountSid = member.Sid,
            Issuer = issuer,
            Token = member.Token ?? (standing is null ? null : HeldToken.Read(member.Sid, standing, holder!.Id)),
            Parent = issuer.IsTwilio ? null : parent,
            Destinations = destinations,
            Watch = settings.Plan.Watch,
            StartedBy = RotateFlags.Who,
        };
    }

    private static IReadOnlyList<string[]> Rows(FleetReport report) =>
    [
        ["ACCOUNT", "NAME", "OUTCOME", "OLD", "NEW", "SECONDS", "DETAIL"],
        .. report.Accounts.Select(a => new[]
        {
            a.AccountSid, a.Name, RotationJson.NameOf(a.Outcome), a.OldFingerprint ?? "-", a.NewFingerprint ?? "-",
            a.Seconds?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-", a.Detail ?? "-",
        }),
    ];

    private static int End(FleetReport report, CancellationToken cancel)
    {
        var counts = string.Join(", ", report.Accounts.GroupBy(a => a.Outcome).OrderBy(g => g.Key).Select(g => $"{g.Count()} {RotationJson.NameOf(g.Key).Replace('_', ' ')}"));
        Console.Error.WriteLine($"{report.Rotated} of {report.Accounts.Count} accounts rotated ({counts}){(report.NotActive == 0 ? "" : $"; {report.NotActive} more are suspended or closed and were left out")}.");
        if (report.IsDone)
        {
            return ExitCode.Done;
        }

        const string next = "What is done stays done, and nothing is broken by what is left.";
        return report.Failure is { } failure
            ? throw new CommandException(Failures.CodeOf(failure.Failure), $"Stopped at the first that failed: {failure.Message}\n{next} Correct it and go on: tandem rotate --all-subaccounts — without it: --select sid!={report.Accounts.First(a => a.Outcome == FleetOutcome.Failed).AccountSid}", failure)
            : throw new CommandException(cancel.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Failed, $"{(cancel.IsCancellationRequested ? "Interrupted. " : "")}{next} Go on: tandem rotate --all-subaccounts");
    }
}

/// <summary>What a rotation of one account of a fleet would find, as machines read it.</summary>
internal sealed record FleetPreviewInfo(string AccountSid, string Name, string? TokenFingerprint, IReadOnlyList<string> Destinations, IReadOnlyList<string> Problems);
