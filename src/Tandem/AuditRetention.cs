using System.Globalization;

namespace Tandem;

/// <summary>Cuts audit entries off that are older than they are to be kept. What is left goes on to prove itself.</summary>
/// <param name="store">Where they are kept.</param>
public sealed class AuditRetention(IAccountStore store)
{
    /// <summary>Entries cut off in one transaction, at most: others wait for as long as that takes.</summary>
    public const int AtOnce = 5_000;

    private static readonly AuditCut s_nothing = new(0, 0, default);

    /// <summary>Cuts off what was written before a moment; the cut has an entry of its own, at the new end. Answers how many entries went.</summary>
    public async Task<long> CutAsync(DateTimeOffset before, ChangeContext context)
    {
        var (all, some) = (0L, (long)AtOnce);
        while (some == AtOnce)
        {
            some = await CutSomeAsync(before, context) is { First: > 0 } cut ? cut.Last - cut.First + 1 : 0;
            all += some;
        }

        return all;
    }

    private async Task<AuditCut?> CutSomeAsync(DateTimeOffset before, ChangeContext context)
    {
        var outcome = await store.ChangeAsync<AuditCut>(default, rows => rows.CutAudit(before, AtOnce) is not { } cut ? Change.Unaudited(s_nothing) : new Change<AuditCut>(
            new AuditDraft(AuditAction.AuditCut, default, "operator retention", context)
            {
                Detail = string.Create(CultureInfo.InvariantCulture, $"entries {cut.First} to {cut.Last}, the last of {cut.LastAt:yyyy-MM-dd'T'HH:mm:ss'Z'}"),
            },
            cut));
        return outcome.Value;
    }
}
