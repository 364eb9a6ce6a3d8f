namespace Tandem.Server.People;

/// <summary>
/// Whose attempt is looked at next. One is at a time, so that no number of attempts in parallel gets around the delays, and slow hashing never
/// takes more than one core from the checks. Strangers wait behind everybody else, and share the turns by their networks, so that a flood keeps
/// no user out.
/// </summary>
/// <remarks>
/// Among strangers a network from which somebody signed in before comes first; then the one whose last turn is the longest ago, a new one before
/// all. Each line has room for 100: the network with the most attempts in it makes room for the others.
/// </remarks>
internal sealed class Turns(SignInDelays delays)
{
    /// <summary>Attempts that may wait, of strangers and of the others: at a tenth of a second each, nobody would wait for longer.</summary>
    private const int Room = 100;

    /// <summary>Networks that are remembered: the latest ones.</summary>
    private const int Remembered = 10_000;

    private readonly Lock _lock = new();
    private readonly List<Waiting> _strangers = [];
    private readonly List<Waiting> _known = [];
    private readonly Dictionary<string, long> _lastTurns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _welcome = new(StringComparer.Ordinal);
    private long _turns;
    private bool _isTaken;

    /// <summary>Waits for a turn, which <see cref="End"/> ends. Null when it has come; else why it is not given.</summary>
    /// <param name="attempt">Who waits.</param>
    /// <param name="gone">Fires when nobody waits for the answer any more.</param>
    public async Task<ProofResult?> TakeAsync(Attempt attempt, CancellationToken gone)
    {
        if (TooSoon(attempt) is { } early)
        {
            return early;
        }

        var waiting = new Waiting(attempt);
        lock (_lock)
        {
            if (!Admit(waiting))
            {
                return new(ProofState.Busy);
            }

            Next();
        }

        await using (gone.UnsafeRegister(_ => Leave(waiting), null))
        {
            if (!await waiting.Turn.Task)
            {
                return new(ProofState.Busy);
            }
        }

        // Again: others may have failed while this one waited.
        var late = TooSoon(attempt);
        if (late is not null)
        {
            End();
        }

        return late;
    }

    /// <summary>Ends the turn.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isTaken = false;
            Next();
        }
    }

    /// <summary>Counts a failed attempt; how long to wait before the next one.</summary>
    public TimeSpan Failed(Attempt attempt)
    {
        delays.Failed(attempt);
        return delays.Wait(attempt);
    }

    /// <summary>Forgets failures, and remembers the network.</summary>
    public void Succeeded(Attempt attempt)
    {
        delays.Succeeded(attempt);
        lock (_lock)
        {
            Remember(_welcome, attempt.Network);
        }
    }

    private ProofResult? TooSoon(Attempt attempt) =>
        delays.Wait(attempt) is var wait && wait > TimeSpan.Zero ? new(ProofState.TooSoon, Wait: wait) : null;

    private List<Waiting> LineOf(Attempt attempt) => attempt.IsStranger ? _strangers : _known;

    private bool Admit(Waiting waiting)
    {
        var line = LineOf(waiting.Attempt);
        if (line.Count >= Room && !MakeRoom(line, waiting.Attempt))
        {
            return false;
        }

        line.Add(waiting);
        return true;
    }

    /// <summary>Sends away the last one of the share that has the most attempts in a line; false when the newcomer has no better claim.</summary>
    private bool MakeRoom(List<Waiting> line, Attempt newcomer)
    {
        var most = line.GroupBy(w => w.Attempt.Share, StringComparer.Ordinal).MaxBy(g => (g.Count(), RankOf(g.Last().Attempt)))!;
        var own = line.Count(w => string.Equals(w.Attempt.Share, newcomer.Share, StringComparison.Ordinal));
        if (most.Count() <= own || (most.Count() == own + 1 && RankOf(newcomer).CompareTo(RankOf(most.Last().Attempt)) >= 0))
        {
            return false;
        }

        line.Remove(most.Last());
        most.Last().Turn.SetResult(false);
        return true;
    }

    private void Next()
    {
        if (_isTaken || (Best(_known) ?? Best(_strangers)) is not { } next)
        {
            return;
        }

        LineOf(next.Attempt).Remove(next);
        Remember(_lastTurns, next.Attempt.Share);
        _isTaken = true;
        next.Turn.SetResult(true);
    }

    private Waiting? Best(List<Waiting> line) => line.MinBy(w => RankOf(w.Attempt)); // of equals the first

    /// <summary>The lower, the sooner.</summary>
    private (bool IsNew, long LastTurn) RankOf(Attempt attempt) =>
        (attempt.IsStranger && !_welcome.ContainsKey(attempt.Network), _lastTurns.GetValueOrDefault(attempt.Share));

    private void Remember(Dictionary<string, long> numbers, string key)
    {
        numbers[key] = ++_turns;
        if (numbers.Count > Remembered)
        {
            foreach (var (old, _) in numbers.OrderBy(n => n.Value).Take(Remembered / 10).ToList())
            {
                numbers.Remove(old);
            }
        }
    }

    private void Leave(Waiting waiting)
    {
        lock (_lock)
        {
            if (LineOf(waiting.Attempt).Remove(waiting))
            {
                waiting.Turn.SetResult(false);
            }
        }
    }

    private sealed class Waiting(Attempt attempt)
    {
        public Attempt Attempt => attempt;

        public TaskCompletionSource<bool> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
