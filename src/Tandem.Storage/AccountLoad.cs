using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>
/// The one pass over all accounts when the store is opened: it fills the index, notes which accounts have a secondary, and finds what has to be
/// cleaned up before the first answer.
/// </summary>
/// <remarks>
/// Each column that is read costs about a tenth of a second in a million accounts, and a row as a whole ten times that. So the database answers
/// all that is yes or no in one number, and the columns that few accounts need are read for those alone.
/// </remarks>
internal sealed class AccountLoad(DbConnection connection)
{
    private const int Page = 1000;

    /// <summary>Above the marks: whatever number a row has there, it is no mark.</summary>
    private const int Status = 0x200;

    private static readonly string s_select =
        $"SELECT id, sid, owner, generation, primary_verifier, secondary_verifier, secondary_created, status * {Status} "
        + $"+ (owner <> sid) * {(int)Marks.Subaccount} + (primary_created > {AccountRow.Wide}) * {(int)Marks.Primary} + (secondary_created > {AccountRow.Wide}) * {(int)Marks.Secondary} "
        + $"+ (primary_paused_until > {AccountRow.Wide}) * {(int)Marks.Paused} + ({Recoverable("primary_seal")} OR {Recoverable("secondary_seal")}) * {(int)Marks.Recoverable} "
        + $"FROM account WHERE id > @after ORDER BY id LIMIT {Page}";

    /// <summary>What is yes or no of a row.</summary>
    [Flags]
    private enum Marks
    {
        None = 0,
        Subaccount = 0x10,
        Primary = 0x20,
        Secondary = 0x40,
        Paused = 0x80,
        Recoverable = 0x100,
    }

    /// <summary>Whether a row holds a token that is readable under the server's key.</summary>
    public bool HasRecoverableSeals { get; private set; }

    /// <summary>Whether a row holds a pause. The index has none of them.</summary>
    public bool HasPauses { get; private set; }

    /// <summary>Whether a seal is of the kind that the server's key opens.</summary>
    public static string Recoverable(string seal) => $"substr({seal}, 1, 1) = x'03'";

    /// <summary>Fills an index with every account, as of the given epoch.</summary>
    public VerifierIndex Run(long epoch, PendingSecondaries pending)
    {
        using var count = new Statement(connection, "SELECT count(*) FROM account");
        using var total = count.Read();
        total.Read();
        var index = new VerifierIndex(checked((int)total.GetInt64(0)));
        using var page = new Statement(connection, s_select, ("@after", DbType.Int64));
        for (var (after, taken) = (0L, Page); taken == Page;)
        {
            using var row = page.With(after).Read();
            for (taken = 0; row.Read(); taken++)
            {
                Take(row, epoch, index, pending);
                after = taken == Page - 1 ? row.GetInt64(0) : after;
            }
        }

        return index;
    }

    private void Take(DbDataReader row, long epoch, VerifierIndex index, PendingSecondaries pending)
    {
        var told = row.Number(7, (long)AccountStatus.Active * Status, ((long)AccountStatus.Closed * Status) + Status - 1);
        var marks = (Marks)(told % Status);
        var sid = row.Sid(1);
        index.Apply(sid, new()
        {
            OwnerSid = marks.HasFlag(Marks.Subaccount) ? row.Sid(2) : sid,
            Status = (AccountStatus)(told / Status),
            Generation = row.Number(3, AccountRow.Wide, AccountRow.Wide + uint.MaxValue) - AccountRow.Wide,
            Epoch = epoch,
            PrimaryVerifier = marks.HasFlag(Marks.Primary) ? VerifierValue.FromBytes(row.Blob(4, VerifierValue.Size)) : null,
            SecondaryVerifier = marks.HasFlag(Marks.Secondary) ? VerifierValue.FromBytes(row.Blob(5, VerifierValue.Size)) : null,
        });
        if (marks.HasFlag(Marks.Secondary))
        {
            pending.Apply(sid, AccountRow.Time(row, 6));
        }

        HasPauses |= marks.HasFlag(Marks.Paused);
        HasRecoverableSeals |= marks.HasFlag(Marks.Recoverable);
    }
}
