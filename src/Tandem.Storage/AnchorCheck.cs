using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Tandem.Storage;

/// <summary>
/// Compares a database with its anchor before anything is answered from it. An older copy does not start unless that is accepted: tokens that
/// were retired after it was made are valid in it.
/// </summary>
internal static class AnchorCheck
{
    /// <summary>Accounts named, at most, in a message; an audit entry names fewer.</summary>
    private const int Named = 50;
    private const int NamedInEntry = 10;

    /// <summary>Compares. A new anchor begins with what the database ends with.</summary>
    /// <returns>What the operator should know; null for nothing.</returns>
    /// <exception cref="StoreException">The database is behind its anchor, and nobody has accepted it.</exception>
    public static string? Run(DbConnection connection, DataKeys keys, Anchor anchor, SqliteOptions options)
    {
        using var chain = new AuditChain(connection, keys.Audit);
        var (head, now) = (chain.Head(null), options.Time.GetUtcNow());
        if (anchor.Last is null)
        {
            if (options.RequireAnchor && !options.AcceptRollback && !KeyTable.IsUntouched(connection))
            {
                throw Anchor.Missing(anchor.Path);
            }

            anchor.Append(new(head.Epoch, head.Mac, null, "anchor_begun", now));
            return head.Epoch == 0 ? null
                : $"The anchor {anchor.Path} is new: this start could not tell whether the database is an older copy, and every later one can. If there is an anchor of this database elsewhere, stop, and name it: TANDEM_ANCHOR_FILE=FILE";
        }

        var lost = anchor.Backwards().TakeWhile(line => !AnchorMatch.Holds(connection, line)).ToList();
        if (lost.Count == 0)
        {
            CatchUp(connection, anchor);
            return !options.AcceptRollback ? null : "--accept-rollback was given, and there was nothing to accept. Leave it out, or the next older copy starts without a question.";
        }

        var accounts = lost.Where(l => l.Sid is not null).DistinctBy(l => l.Sid).ToList();
        if (!options.AcceptRollback)
        {
            throw new StoreException(Refusal(options.Directory, anchor, head, lost, accounts));
        }

        var detail = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{lost.Count} retirements up to entry {lost.Max(l => l.Epoch)} undone; tokens may have revived of "));
        detail.AppendJoin(", ", accounts.Take(NamedInEntry).Select(l => l.Sid));
        detail.Append(accounts.Count > NamedInEntry ? string.Create(CultureInfo.InvariantCulture, $" and {accounts.Count - NamedInEntry} more") : "");
        AuditHead after;
        using (var transaction = connection.BeginTransaction())
        {
            after = chain.Append(transaction, head, new(AuditAction.RollbackAccepted, default, "operator start", new("start", "accept-rollback")) { Detail = detail.ToString() }, 0, now);
            transaction.Commit();
        }

        anchor.Append(new(after.Epoch, after.Mac, null, WireName.Of(AuditAction.RollbackAccepted), now));
        return $"An older copy of the database was accepted. Tokens that were retired may be valid again; rotate these accounts now:{List(accounts)}";
    }

    /// <summary>Adds what a crash between COMMIT and the anchor has left out.</summary>
    private static void CatchUp(DbConnection connection, Anchor anchor)
    {
        var retiring = string.Join(", ", new[] { AuditAction.AccountClosed, AuditAction.SecondaryDeleted, AuditAction.SecondaryPromoted, AuditAction.SecondaryPromotedByForce }.Select(a => (long)a));
        using var select = new Statement(
            connection, $"SELECT epoch, mac, account, action, at FROM audit WHERE epoch > @after AND action IN ({retiring}) ORDER BY epoch", ("@after", DbType.Int64));
        var missed = new List<AnchorLine>();
        using (var row = select.With(anchor.Last!.Epoch + AccountRow.Wide).Read())
        {
            while (row.Read())
            {
                missed.Add(new(
                    row.GetInt64(0) - AccountRow.Wide,
                    row.Blob(1, 32),
                    row.Sid(2),
                    WireName.Of(row.Choice<AuditAction>(3)),
                    row.Moment(4)));
            }
        }

        missed.ForEach(anchor.Append);
    }

    private static string Refusal(string directory, Anchor anchor, AuditHead head, List<AnchorLine> lost, List<AnchorLine> accounts)
    {
        var newest = lost[0];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            The database in {directory} is an older copy: it ends with entry {head.Epoch}, and the anchor {anchor.Path} knows of {lost.Count} later call{(lost.Count == 1 ? "" : "s")} that retired a token, the last of {newest.At:yyyy-MM-dd'T'HH:mm:ss'Z'} (entry {newest.Epoch}). In this copy the retired tokens are valid, those of:{List(accounts)}
            The server did not start and changed nothing. If there is a newer copy, restore that one. To go on with this one, start it once with: tandem serve --accept-rollback (and rotate those accounts at once)
            """);
    }

    private static string List(List<AnchorLine> accounts)
    {
        var text = new StringBuilder();
        foreach (var line in accounts.Take(Named))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  {line.Sid}  {line.What}  {line.At:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        }

        return accounts.Count > Named ? text.Append(CultureInfo.InvariantCulture, $"\n  and {accounts.Count - Named} more, which the anchor names").ToString() : text.ToString();
    }
}
