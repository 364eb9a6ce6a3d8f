using System.Collections.Concurrent;

namespace Tandem.Rotations.Fleets;

/// <summary>
/// Rotates many subaccounts: a few first, then the others, so many at a time. The first that fails stops it: no other is begun, and those on
/// their way stop before they end a token. Run again it goes on with what is left.
/// </summary>
/// <param name="states">Where rotations are remembered.</param>
/// <param name="host">Who is told; nobody is asked about single accounts.</param>
public sealed class Fleet(StateDirectory states, RotationHost host)
{
    /// <summary>Rotates them, or goes on with a fleet that was stopped. A failure of an account is told in the report.</summary>
    /// <exception cref="RotationException">It cannot begin.</exception>
    public async Task<FleetReport> RotateAsync(FleetRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var file = new FleetFile(states, request.Parent.Sid, request.Issuer.Target);
        using var alone = file.Lock(request.StartedBy, host.Time.GetUtcNow());
        var (members, notActive) = await ChooseAsync(request, cancel);
        var record = file.Read();
        var done = record is null ? new Dictionary<AccountSid, RotationReport>() : file.DoneSince(record.Started);
        var left = members.Where(m => !done.ContainsKey(m.Sid)).OrderBy(m => IsUnfinished(request, m) ? 0 : 1).ToList();
        var planned = Plan(request, left);
        record ??= file.Begin(request.StartedBy, host.Time.GetUtcNow());

        using var run = new Run(states, host, request, cancel);
        await run.WaveAsync(planned[..Math.Min(request.Canary, planned.Count)], 1);
        await run.WaveAsync(planned[Math.Min(request.Canary, planned.Count)..], request.Parallel);
        var report = Report(request, members, run, record.Started) with { NotActive = notActive };
        report = report with
        {
            Accounts = [.. report.Accounts.Select(a => done.TryGetValue(AccountSid.Parse(a.AccountSid), out var before) ? Before(a, before) : a)],
        };
        if (report.IsDone)
        {
            file.End();
        }

        return report;
    }

    /// <summary>Goes back with those that are unfinished; who is done stays done. A failure of an account is told in the report.</summary>
    /// <exception cref="RotationException">It cannot begin, or there is nothing to go back from.</exception>
    public async Task<FleetReport> AbortAsync(FleetRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var file = new FleetFile(states, request.Parent.Sid, request.Issuer.Target);
        using var alone = file.Lock(request.StartedBy, host.Time.GetUtcNow());
        var (members, notActive) = await ChooseAsync(request, cancel);
        List<FleetMember> unfinished = [.. members.Where(m => IsUnfinished(request, m))];
        if (unfinished.Count == 0)
        {
            throw new RotationException(RotationFailure.Precondition, $"No rotation of a subaccount of {request.Parent.Sid} is unfinished here, so there is nothing to go back from. Nothing was changed.");
        }

        using var run = new Run(states, host, request, cancel) { GoesBack = true };
        await run.WaveAsync(Plan(request, unfinished), 1);
        var report = Report(request, unfinished, run, file.Read()?.Started ?? host.Time.GetUtcNow()) with { NotActive = notActive };
        if (report.Accounts.All(a => a.Outcome == FleetOutcome.WentBack))
        {
            file.End();
        }

        return report;
    }

    /// <summary>Finds out what it would do, and changes nothing: each account with what stands in its way, null for nothing.</summary>
    public async Task<IReadOnlyList<(FleetMember Member, RotationPreview? Preview, IReadOnlyList<string> Problems)>> PreviewAsync(FleetRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (members, _) = await ChooseAsync(request, cancel);
        var engine = new RotationEngine(states, host);
        var previews = new (FleetMember, RotationPreview?, IReadOnlyList<string>)[members.Count];
        var planned = Plan(request, members);
        await Parallel.ForAsync(0, members.Count, new ParallelOptions { MaxDegreeOfParallelism = request.Parallel, CancellationToken = cancel }, async (i, ended) =>
        {
            try
            {
                var preview = await engine.PreviewAsync(planned[i].Request, ended);
                previews[i] = (members[i], preview, [.. preview.Problems, .. preview.Destinations.SelectMany(d => d.Found.Problems.Select(p => $"{d.Destination.Id}: {p}"))]);
            }
            catch (RotationException e)
            {
                previews[i] = (members[i], null, [e.Message]);
            }
        });
        return previews;
    }

    private static async Task<(IReadOnlyList<FleetMember> Members, int NotActive)> ChooseAsync(FleetRequest request, CancellationToken cancel)
    {
        var (active, others) = await FleetMember.ListAsync(request.Issuer, request.Parent, request.Labels, cancel);
        List<FleetMember> chosen = [.. active.Where(request.Selection.Fits)];
        return chosen.Count > 0 ? (chosen, others)
            : throw new RotationException(RotationFailure.Usage, active.Count == 0
                ? $"{request.Parent.Sid} has no active subaccount. Nothing was done. One account alone: tandem rotate {request.Parent.Sid}"
                : $"None of the {active.Count} active subaccounts of {request.Parent.Sid} is selected. Nothing was done. See them: tandem rotate plan --all-subaccounts");
    }

    /// <summary>All of them before any is begun, so that what is wrong in the plan is told while nothing has changed.</summary>
    private static List<(FleetMember Member, RotationRequest Request)> Plan(FleetRequest request, IReadOnlyList<FleetMember> members)
    {
        var planned = members.Select(m => (Member: m, Request: request.RequestFor(m))).ToList();
        var shared = planned.SelectMany(p => p.Request.Destinations).Where(d => d.Type is not "command").GroupBy(d => d.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return shared is null ? planned : throw new RotationException(RotationFailure.Usage,
            $"{shared.Key} would be given the tokens of {shared.Count()} accounts, and holds one. Nothing was done. Put {{sid}}, or a label, into what names it, for a place of its own for each account.");
    }

    private bool IsUnfinished(FleetRequest request, FleetMember member) => File.Exists(states.FileOf(member.Sid, request.Issuer.Target));

    private FleetReport Report(FleetRequest request, IReadOnlyList<FleetMember> members, Run run, DateTimeOffset started) => new()
    {
        ParentSid = $"{request.Parent.Sid}",
        Target = request.Issuer.Target,
        Started = started,
        Finished = host.Time.GetUtcNow(),
        Accounts =
        [
            .. members.Select(m => run.Lines.GetValueOrDefault(m.Sid)
                ?? new() { AccountSid = $"{m.Sid}", Name = m.Name, Outcome = FleetOutcome.NotBegun }),
        ],
        Failure = run.Failure,
    };

    private static FleetLine Before(FleetLine line, RotationReport report) => line with
    {
        Outcome = FleetOutcome.RotatedBefore,
        OldFingerprint = report.State.OldFingerprint,
        NewFingerprint = report.State.NewFingerprint,
    };

    /// <summary>A fleet while it runs.</summary>
    private sealed class Run : IDisposable
    {
        private readonly CancellationTokenSource _hold = new();
        private readonly RotationEngine _engine;
        private readonly TimeProvider _time;
        private readonly FleetRequest _request;
        private readonly CancellationToken _cancel;
        private RotationException? _failure;

        public Run(StateDirectory states, RotationHost host, FleetRequest request, CancellationToken cancel)
        {
            (_time, _request, _cancel) = (host.Time, request, cancel);
            _engine = new(states, host with { Hold = _hold.Token, Ask = static (_, _) => Task.FromResult(true) });
        }

        public bool GoesBack { get; init; }

        public ConcurrentDictionary<AccountSid, FleetLine> Lines { get; } = new();

        public RotationException? Failure => _failure;

        private bool IsOver => _hold.IsCancellationRequested || _cancel.IsCancellationRequested;

        public async Task WaveAsync(IReadOnlyList<(FleetMember Member, RotationRequest Request)> wave, int parallel)
        {
            using var slots = new SemaphoreSlim(parallel);
            var running = new List<Task>();
            foreach (var (member, request) in wave)
            {
                await slots.WaitAsync(CancellationToken.None);
                if (IsOver)
                {
                    break;
                }

                running.Add(Task.Run(() => OneAsync(member, request, slots), CancellationToken.None));
                await PaceAsync();
            }

            await Task.WhenAll(running);
        }

        public void Dispose() => _hold.Dispose();

        private async Task PaceAsync()
        {
            if (_request.Pace > TimeSpan.Zero)
            {
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(_cancel, _hold.Token);
                await Task.Delay(_request.Pace, _time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        private async Task OneAsync(FleetMember member, RotationRequest request, SemaphoreSlim slots)
        {
            var began = _time.GetTimestamp();
            try
            {
                var report = (await (GoesBack ? _engine.AbortAsync(request, _cancel) : _engine.RotateAsync(request, _cancel))).Report;
                Lines[member.Sid] = Line(report.Outcome is "rotated" ? FleetOutcome.Rotated : FleetOutcome.WentBack) with
                {
                    OldFingerprint = report.State.OldFingerprint,
                    NewFingerprint = report.State.NewFingerprint,
                };
            }
            catch (RotationException e) when (e.Failure == RotationFailure.Held)
            {
                Lines[member.Sid] = Line(FleetOutcome.Held);
            }
            catch (RotationException e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
                Lines[member.Sid] = Line(FleetOutcome.Failed) with { Detail = e.Message };
                await _hold.CancelAsync();
            }
            catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
            {
                Lines[member.Sid] = Line(FleetOutcome.Interrupted);
            }
            catch
            {
                await _hold.CancelAsync(); // a fault of ours: the others stop where nothing is lost
                throw;
            }
            finally
            {
                slots.Release();
            }

            FleetLine Line(FleetOutcome outcome) => new()
            {
                AccountSid = $"{member.Sid}",
                Name = member.Name,
                Outcome = outcome,
                Seconds = Math.Round(_time.GetElapsedTime(began).TotalSeconds, 1),
            };
        }
    }
}
