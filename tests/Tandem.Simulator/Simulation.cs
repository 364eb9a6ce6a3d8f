using System.Text;
using Tandem.Testing;

namespace Tandem.Simulator;

/// <summary>
/// Plays calls on a world and holds every answer, and what is to be seen between them, against the model: owners and strangers who come with tokens
/// alive, dead and dying, two at once, restarts and deaths. Everything but the tokens' texts repeats with the seed.
/// </summary>
internal sealed class Simulation : IAsyncDisposable
{
    /// <summary>A database grows with its audit; a new one now and then keeps copying it cheap.</summary>
    private const int PromotesAWorld = 10_000;

    private const int Accounts = 7;

    private static readonly ChangeContext s_context = new("192.0.2.7", "RQ00000000000000000000000000000001");

    private readonly World _world = new();
    private readonly List<ModelAccount> _accounts = [];
    private readonly List<ModelCaller> _admitted = [];
    private readonly List<IDisposable> _held = [];
    private readonly Dice _dice;
    private readonly int _restartEvery;
    private long _epoch;
    private bool _retired; // by the last change

    private Simulation(Dice dice, int restartEvery) => (_dice, _restartEvery) = (dice, restartEvery);

    private DateTimeOffset Now => _world.Time.GetUtcNow();

    private ModelCaller Operator { get; } = new(Caller.Operator("root"), null, "");

    private long Promotes { get; set; }

    /// <summary>Plays until so many tokens were promoted, or until something is not as it must be: then what.</summary>
    /// <param name="seed">Repeats it.</param>
    /// <param name="promotes">How many, at least.</param>
    /// <param name="restartEvery">One step in so many is followed by a restart or a death.</param>
    public static async Task<(string? Violation, long Steps, long Promotes)> RunAsync(int seed, long promotes, int restartEvery)
    {
        var dice = new Dice(seed);
        var (steps, done) = (0L, 0L);
        while (done < promotes)
        {
            await using var simulation = new Simulation(dice, restartEvery);
            try
            {
                for (var wanted = Math.Min(promotes - done, PromotesAWorld); simulation.Promotes < wanted; steps++)
                {
                    await simulation.StepAsync();
                }
            }
            catch (Exception e)
            {
                return ($"step {steps}: {e.Message}", steps, done + simulation.Promotes);
            }

            done += simulation.Promotes;
        }

        return (null, steps, done);
    }

    public async ValueTask DisposeAsync()
    {
        _held.ForEach(h => h.Dispose());
        await _world.DisposeAsync();
    }

    private async Task StepAsync()
    {
        _world.Time.Advance(TimeSpan.FromSeconds(_dice.Below(4)));
        if (_accounts.Count(a => a.Status != AccountStatus.Closed) < Accounts)
        {
            await OpenAccountAsync();
        }

        var account = _dice.Any(_accounts);
        _retired = false;
        if (_dice.OnceIn(6))
        {
            // Both are admitted before either begins: what one of them retires, the other no longer holds.
            var (one, other) = (AnyCaller(account), AnyCaller(account));
            var (first, second) = (Begin(account, one), Begin(account, other));
            await first();
            await second();
        }
        else
        {
            await Begin(account, AnyCaller(account))();
        }

        await SeeAsync(account);
        Remember(account);
        if (_dice.OnceIn(_restartEvery))
        {
            await (_dice.OnceIn(2) ? _world.RestartAsync() : _world.DieAsync());
            _accounts.ForEach(a => a.Restart());
            _admitted.Clear();
            foreach (var each in _accounts)
            {
                await SeeAsync(each);
            }
        }
    }

    private async Task OpenAccountAsync()
    {
        var parent = _accounts.Count(a => a.Parent is null && a.Status != AccountStatus.Closed) < 3
            ? null
            : _dice.Any(_accounts.Where(a => a.Parent is null && a.Status != AccountStatus.Closed));
        using var created = (await _world.AnswerAsync(_world.Lifecycle.CreateAsync(Operator.Caller, parent?.Sid, null, s_context))).Value!;
        _epoch++;
        _accounts.Add(new(created.Account.Sid, parent, created.Token.Reveal()));
        if (_accounts.Find(a => a.Status == AccountStatus.Closed && _accounts.TrueForAll(c => c.Parent != a)) is { } closed)
        {
            _accounts.Remove(closed);
        }
    }

    /// <summary>Begins a call. What is returned waits for its answer and holds it against the model.</summary>
    private Func<Task> Begin(ModelAccount account, ModelCaller caller)
    {
        long? generation = _dice.Below(5) switch { 0 => account.Generation, 1 => account.Generation - 1, _ => null };
        var (chance, force, steady) = (_dice.Below(1000), _dice.OnceIn(2), _world.Time.GetSteadyNow());
        if (chance < 900 && !_dice.OnceIn(4))
        {
            chance = account.Secondary is null ? 0 : 899; // mostly what comes next in a rotation
        }

        switch (chance)
        {
            case < 400:
                var created = _world.Rotation.CreateSecondaryAsync(caller.Caller, account.Sid, s_context);
                return async () =>
                {
                    var answer = await _world.AnswerAsync(created);
                    using var secondary = answer.Value;
                    Expect("create", account.Create(caller, secondary?.Token.Reveal()), answer.Error);
                };
            case < 500:
                var deleted = _world.Rotation.DeleteSecondaryAsync(caller.Caller, account.Sid, s_context, generation);
                return async () => Expect("delete", account.Delete(caller, generation), (await _world.AnswerAsync(deleted)).Error, retires: true);
            case < 900:
                var promoted = _world.Rotation.PromoteAsync(caller.Caller, account.Sid, s_context, new(generation, force, "played"));
                return async () =>
                {
                    var (text, ownSlot) = (account.Secondary, caller.Account == account ? account.SlotOf(caller.Text) : null);
                    var answer = await _world.AnswerAsync(promoted);
                    using var primary = answer.Value;
                    Expect("promote", account.Promote(caller, generation, force), answer.Error, retires: true);
                    Require(primary is null || (ownSlot is null) == (primary.Token is null), "a promote answers the text to somebody else, or not to its owner");
                    Require(primary?.Token is null || primary.Token.Reveal() == text, "a promote answers another text");
                    Promotes += primary is null ? 0 : 1;
                };
            case < 925:
                var length = TimeSpan.FromSeconds(5 + _dice.Below(296));
                var paused = _world.Rotation.PausePrimaryAsync(caller.Caller, account.Sid, length, s_context);
                return async () => Expect("pause", account.Pause(caller, steady + length), (await _world.AnswerAsync(paused)).Error);
            case < 940:
                var resumed = _world.Rotation.ResumePrimaryAsync(caller.Caller, account.Sid, s_context);
                return async () => Expect("resume", account.Resume(caller, steady), (await _world.AnswerAsync(resumed)).Error);
            case < 955:
                var guarded = _world.Lifecycle.GuardAsync(caller.Caller, account.Sid, force ? PromoteGuard.Off : PromoteGuard.Enforce, s_context);
                return async () => Expect("guard", account.Guard(caller, !force), (await _world.AnswerAsync(guarded)).Error);
            default:
                var status = chance < 970 ? AccountStatus.Suspended : chance < 998 ? AccountStatus.Active : AccountStatus.Closed;
                var updated = _world.Lifecycle.UpdateAsync(caller.Caller, account.Sid, null, status, s_context);
                return async () =>
                {
                    var before = account.Status;
                    var refusal = account.SetStatus(caller, status);
                    Expect("update", refusal, (await _world.AnswerAsync(updated)).Error, retires: before != account.Status && status == AccountStatus.Closed);
                };
        }
    }

    private void Expect(string call, ErrorKind expected, ErrorKind answered, bool retires = false)
    {
        Require(expected == answered, $"{call} must answer {expected}, and answers {answered}");
        if (expected == ErrorKind.None)
        {
            _epoch++;
            _retired = retires;
        }
    }

    /// <summary>What the check, the store and the files show of an account is what the model says.</summary>
    private async Task SeeAsync(ModelAccount account)
    {
        Require(!_retired || _world.LogBytes == 0, "the log still holds what was retired");
        SeeCheck(account);
        foreach (var other in _accounts.Where(a => a.Parent == account))
        {
            SeeCheck(other);
        }

        var stored = await _world.Store.FindAsync(account.Sid) ?? throw new InvalidOperationException("the account is gone");
        Require((stored.Status, stored.Generation) == (account.Status, account.Generation), $"stored as {stored.Status}, generation {stored.Generation}, and must be {account.Status}, {account.Generation}");
        Require((stored.Primary is null, stored.Secondary is null) == (account.Primary is null, account.Secondary is null), "the store has other tokens");
        Require(stored.Primary?.Seal is null && stored.Secondary is null or { Seal: not null }, "a token is readable that must not be, or the other way round");
        Require(stored.Secondary is null || stored.Secondary.Seal!.Kind == account.SecondarySeal, "a secondary is sealed under something else");
        Require(stored.PrimaryPausedUntil == account.PausedUntil, "the pause is another");
        Require(stored.PromoteGuard == PromoteGuard.Enforce == account.IsGuarded, "the guard is another");
        var (primaryUse, secondaryUse) = _world.Index.LastUses(stored);
        Require(
            (primaryUse?.ToUnixTimeSeconds() ?? 0, secondaryUse?.ToUnixTimeSeconds() ?? 0) == (account.PrimaryLastUse, account.SecondaryLastUse),
            "a token's last use is another's");
        Require((await _world.Store.ReadAuditAsync(new(1))) is [var last] && last.Epoch == _epoch, "an entry of the audit is missing, or one is too many");
    }

    private void SeeCheck(ModelAccount account)
    {
        foreach (var (text, slot) in ((string?, Slot)[])[(account.Primary, Slot.Primary), (account.Secondary, Slot.Secondary)])
        {
            if (text is null)
            {
                continue;
            }

            var verdict = _world.Check(account.Sid, text);
            Require(verdict.Reason == (account.IsActive ? RefusalReason.None : RefusalReason.Suspended), $"the {slot} is answered {verdict.Reason}");
            Require((verdict.Slot, verdict.Generation) == (slot, account.Generation), $"the {slot} is taken for the {verdict.Slot}");
            Require(verdict.OwnerSid == (account.Parent ?? account).Sid, "the owner is another");
            Require(verdict.IsPaused(_world.Time) == (slot == Slot.Primary && account.PausedUntil > _world.Time.GetSteadyNow()), $"the {slot} is paused, or is not");
            if (verdict.IsValid && _dice.OnceIn(3))
            {
                _world.Index.RecordUse(account.Sid, slot, verdict.Generation, (uint)Now.ToUnixTimeSeconds());
                account.Use(slot, Now.ToUnixTimeSeconds());
            }
        }

        foreach (var dead in account.Dead)
        {
            Require(_world.Check(account.Sid, dead).Reason == RefusalReason.WrongToken, "a retired token is accepted");
        }

        if (account.Primary is { } own && account.Parent is { Primary: not null } parent)
        {
            Require(_world.Check(parent.Sid, own).Reason == RefusalReason.WrongToken, "a token opens another account");
        }
    }

    /// <summary>Mostly the account itself; else an operator, the parent, a stranger, or somebody who was admitted earlier and may have lost the right since.</summary>
    private ModelCaller AnyCaller(ModelAccount account)
    {
        var (chance, other) = (_dice.Below(20), _dice.Any(_accounts));
        return chance switch
        {
            < 8 => Admit(account, account.Primary),
            < 12 => Admit(account, account.Secondary),
            < 14 => account.Parent is { } parent ? Admit(parent, parent.Primary) : Operator,
            < 15 => Admit(other, other.Primary),
            < 17 when _admitted.Count > 0 => _dice.Any(_admitted),
            _ => Operator,
        };
    }

    /// <summary>Some callers stay admitted and come back later.</summary>
    private void Remember(ModelAccount account)
    {
        var text = _dice.OnceIn(2) ? account.Primary : account.Secondary;
        if (text is not null && account.IsActive && _dice.OnceIn(3))
        {
            _admitted.Add(Admit(account, text));
            if (_admitted.Count > 12)
            {
                _admitted.RemoveAt(0);
            }
        }

        if (_held.Count > 200)
        {
            _held[..100].ForEach(h => h.Dispose());
            _held.RemoveRange(0, 100);
        }
    }

    private ModelCaller Admit(ModelAccount account, string? text)
    {
        if (text is null || !account.IsActive)
        {
            return Operator;
        }

        var credential = _world.Verifier.Admit(account.Sid, Encoding.ASCII.GetBytes(text)) ?? throw new InvalidOperationException("a valid credential is not admitted");
        _held.Add(credential);
        return new(Caller.With(credential), account, text);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
