using System.Data;
using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>
/// Computes the chain again, a page at a time, from the note where it begins to what was newest when the walk began. The first entry that is
/// not as it was written ends it.
/// </summary>
internal sealed class AuditWalk(DataKey key)
{
    private const int Page = 1000;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private AuditHead? _head;
    private AuditTailNote _start;
    private (long Stored, byte[] Mac, DateTimeOffset? At) _last;
    private long _entries;
    private AuditBreak? _break;
    private bool _compared;

    /// <summary>What was found so far.</summary>
    public AuditVerification Result => new(
        _entries,
        _head?.Epoch ?? 0,
        _start.IsBeginning ? null : new(_start.Stored - AccountRow.Wide, DateTimeOffset.FromUnixTimeMilliseconds(_start.At)),
        _break)
    {
        ComparedWithAnchor = _compared,
    };

    /// <summary>Walks the next page; false when it has come to an end. Between two pages anything may have been added or cut off.</summary>
    public bool Step(DbConnection connection)
    {
        try
        {
            Enter(connection);
            return _break is null && Walk(connection);
        }
        catch (Exception e) when (e is SqliteException { SqliteErrorCode: Corrupt or NotADatabase } or InvalidDataException or InvalidCastException)
        {
            return Stop(_last.Stored + 1, AuditBreakKind.Altered, $"the database cannot be read there ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>Compares with what the anchor knows: an entry that retired a token, and its link.</summary>
    public void Compare(DbConnection connection, AnchorLine line)
    {
        _compared = true;
        if (_break is not null || AnchorMatch.Holds(connection, line))
        {
            return;
        }

        Stop(
            line.Epoch + AccountRow.Wide,
            AuditBreakKind.CutOff,
            line.Epoch > _head?.Epoch
                ? $"it is missing with everything from {_head?.Epoch + 1} on: the anchor knows that it retired a token ({line.What} of {line.Sid}, {line.At:yyyy-MM-dd'T'HH:mm:ss'Z'}). The end was cut off, or the database is an older copy"
                : $"it is another one than the anchor knows ({line.What} of {line.Sid}, {line.At:yyyy-MM-dd'T'HH:mm:ss'Z'}): what followed an older copy took the place of what had happened");
    }

    /// <summary>Reads the notes. Where the beginning has been cut off meanwhile, the walk goes on from there: the note is sealed.</summary>
    private void Enter(DbConnection connection)
    {
        if (_head is null)
        {
            using var head = new Statement(connection, AuditHead.Select);
            _head = AuditHead.Read(head);
            _last = (AccountRow.Wide, new byte[32], null);
        }

        using var select = new Statement(connection, AuditTailNote.Select);
        using var row = select.Read();
        _start = row.Read() ? AuditTailNote.Read(row) : throw new InvalidDataException("The note of where the audit begins is missing.");
        if (!_start.IsGenuine(key))
        {
            Stop(_start.Stored, AuditBreakKind.NoteAltered, "the note of where the trail begins was altered: its seal does not fit. Entries before it may have been removed");
        }
        else if (_start.Stored > _last.Stored)
        {
            _last = (_start.Stored, _start.Mac, DateTimeOffset.FromUnixTimeMilliseconds(_start.At));
        }
    }

    private bool Walk(DbConnection connection)
    {
        var taken = 0;
        using (var page = new Statement(
            connection,
            $"SELECT {AuditRow.Columns} FROM audit WHERE epoch > @after AND epoch <= @last ORDER BY epoch LIMIT {Page}",
            ("@after", DbType.Int64),
            ("@last", DbType.Int64)))
        {
            using var row = page.With(_last.Stored, Math.Max(_head!.Value.Stored, _last.Stored)).Read();
            for (; row.Read(); taken++)
            {
                if (!Take(row))
                {
                    return false;
                }
            }
        }

        return taken == Page || Finish(connection);
    }

    private bool Take(DbDataReader reader)
    {
        var (row, mac) = AuditRow.Read(reader);
        if (row.Epoch != _last.Stored + 1)
        {
            return Stop(_last.Stored + 1, AuditBreakKind.Missing, $"it is missing: the next one is {row.Epoch - AccountRow.Wide}");
        }

        if (!CryptographicOperations.FixedTimeEquals(row.Mac(key, _last.Mac), mac))
        {
            _last.At = TimeOf(row.At);
            return Stop(row.Epoch, AuditBreakKind.Altered, "it was altered: its contents do not give its link to the entry before");
        }

        _last = (row.Epoch, mac, TimeOf(row.At));
        _entries++;
        return true;
    }

    private bool Finish(DbConnection connection)
    {
        var head = _head!.Value;
        if (head.Stored > _last.Stored)
        {
            return Stop(_last.Stored + 1, AuditBreakKind.CutOff, $"it is missing, as is every later one up to {head.Epoch}: the end was cut off");
        }

        if (head.Stored == _last.Stored && !CryptographicOperations.FixedTimeEquals(head.Mac, _last.Mac))
        {
            return Stop(head.Stored, AuditBreakKind.NoteAltered, "the note of the newest entry was altered: it does not hold that entry's link");
        }

        using var newest = new Statement(connection, "SELECT (SELECT max(epoch) FROM audit), (SELECT epoch FROM epoch WHERE id = 1)");
        using var row = newest.Read();
        return row.Read() && !row.IsDBNull(0) && row.GetInt64(0) > row.GetInt64(1)
            && Stop(row.GetInt64(1), AuditBreakKind.NoteAltered, $"the note of the newest entry was set back: entries up to {row.GetInt64(0) - AccountRow.Wide} are there");
    }

    private bool Stop(long stored, AuditBreakKind kind, string detail)
    {
        _break = new(stored - AccountRow.Wide, _last.At, kind, detail);
        return false;
    }

    private static DateTimeOffset? TimeOf(long at) =>
        at is >= 0 and < 253_402_300_800_000 ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null; // an altered one may be no time at all
}
