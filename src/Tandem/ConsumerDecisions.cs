using System.Globalization;

namespace Tandem;

/// <summary>What is to change in a decision; what is null stays.</summary>
/// <param name="Name">The new name; empty for none.</param>
/// <param name="Every">How often it is expected, in seconds; 0 to go by its rhythm again.</param>
/// <param name="Gone">Whether it calls no more.</param>
public sealed record ConsumerDecisionChange(string? Name = null, uint? Every = null, bool? Gone = null);

/// <summary>
/// What people decide about consumers: what they are called, how often they are expected, that they are gone. By the account itself, its
/// parent, or an operator; audited, because a verdict rests on it.
/// </summary>
/// <param name="store">Where decisions are kept.</param>
/// <param name="time">Where the time comes from.</param>
public sealed class ConsumerDecisions(IAccountStore store, TimeProvider time)
{
    /// <summary>Consumers of one account that may have been decided about.</summary>
    public const int Limit = 1_000;

    /// <summary>The longest rhythm, in seconds: a year.</summary>
    public const uint EveryLimit = 366 * 86_400;

    /// <summary>
    /// Changes the decision about one consumer. <paramref name="consumer"/> is its <see cref="ConsumerKey.Id"/>; one that was never seen may
    /// be decided about as well, up to <see cref="Limit"/> in all: beyond it <see cref="ErrorKind.LimitReached"/>. Refused with
    /// <see cref="ErrorKind.InvalidInput"/> when the name is not allowed (<see cref="Account.IsFriendlyName"/>), when
    /// <see cref="EveryLimit"/> is exceeded, or when <paramref name="consumer"/> is no id.
    /// </summary>
    public Task<Outcome<ConsumerDecision>> DecideAsync(
        Caller caller, AccountSid sid, string consumer, ConsumerDecisionChange change, ChangeContext context) =>
        store.ChangeAsync<ConsumerDecision>(sid, rows =>
        {
            if (caller.Enter(rows, sid, out _, out _, out var actor) is var refusal and not ErrorKind.None)
            {
                return refusal;
            }

            if (!ConsumerKey.IsId(consumer) || (change.Name is { Length: > 0 } asked && !Account.IsFriendlyName(asked)) || change.Every > EveryLimit)
            {
                return ErrorKind.InvalidInput;
            }

            var decisions = rows.Decisions(sid);
            if (!decisions.ContainsKey(consumer) && decisions.Count >= Limit)
            {
                return ErrorKind.LimitReached;
            }

            var before = decisions.GetValueOrDefault(consumer) ?? new();
            var after = new ConsumerDecision(
                change.Name is { } name ? (name.Length == 0 ? null : name) : before.Name,
                change.Every is { } every ? (every == 0 ? null : every) : before.Every,
                change.Gone is { } gone ? (gone ? (uint)time.GetUtcNow().ToUnixTimeSeconds() : null) : before.GoneSince);
            rows.Decide(sid, consumer, after);
            var audit = new AuditDraft(AuditAction.ConsumerDecided, sid, actor, context) { Consumer = consumer, Detail = Describe(after) };
            return new Change<ConsumerDecision>(audit, after);
        });

    private static string Describe(ConsumerDecision decision) => string.Join(", ", new[]
    {
        decision.Name is { } name ? $"called {name}" : "no name",
        decision.Every is { } every ? string.Create(CultureInfo.InvariantCulture, $"expected every {every} s") : null,
        decision.GoneSince is null ? null : "gone",
    }.OfType<string>());
}
