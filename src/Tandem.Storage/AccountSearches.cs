using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Tandem.Storage;

/// <summary>
/// Searches for accounts. Each filter goes along an index of its own, in that index's order, and stops at the limit; a part of a name is looked for
/// in the index itself, which is a few megabytes for a hundred thousand accounts.
/// </summary>
internal static class AccountSearches
{
    private const string Name = "lower(format('%s', CAST(friendly_name AS TEXT)))";

    /// <summary>Names of ASCII alone hold no other letters, and a call into our function for each of them would be for nothing.</summary>
    private const string HasOtherLetters = $"octet_length({Name}) > length({Name})";

    public static AccountHits Run(DbConnection connection, AccountSearch search)
    {
        var order = OrderOf(search.Filter);
        var accounts = new List<Account>();
        using (var select = Select(connection, search, order))
        {
            using var row = select.Read();
            while (row.Read())
            {
                accounts.Add(AccountRow.Read(row));
            }
        }

        var more = accounts.Count > search.Limit;
        if (more)
        {
            accounts.RemoveAt(search.Limit);
        }

        if (search.Backward)
        {
            accounts.Reverse();
        }

        var (hasPrevious, hasNext) = search.Backward ? (more, search.Cursor is not null) : (search.Cursor is not null, more);
        return new(
            accounts,
            hasPrevious && accounts is [var first, ..] ? CursorOf(search.Filter, first) : null,
            hasNext && accounts is [.., var last] ? CursorOf(search.Filter, last) : null);
    }

    private static Statement Select(DbConnection connection, AccountSearch search, Order order)
    {
        var isTime = search.Filter != AccountFilter.All;
        object? key = search.Cursor is not { } cursor ? null
            : !isTime ? cursor.Key
            : long.TryParse(cursor.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time
            : null;
        var (than, direction) = search.Backward ? ("<", " DESC") : (">", "");
        var text = search.Text is { Length: > 0 } given ? given.ToLowerInvariant() : null;
        var holds = text is null || Ascii.IsValid(text) ? $"instr({Name}, @text) > 0" : $"{HasOtherLetters} AND instr({SqliteConnections.Fold}({Name}), @text) > 0";
        return new Where($"SELECT {AccountRow.Columns} FROM account INDEXED BY {order.Index}")
            .And(order.Condition)
            .And(holds, "@text", DbType.String, text)
            .And($"{order.Key} < @before", "@before", DbType.Int64, isTime ? search.Before?.ToUnixTimeMilliseconds() : null)
            .And($"({order.Key}, sid) {than} (@key, @sid)", ("@key", isTime ? DbType.Int64 : DbType.String), key, ("@sid", DbType.Binary), search.Cursor?.Sid.ToBytes())
            .On(connection, $"{order.Key}{direction}, sid{direction}", search.Limit + 1L);
    }

    private static Order OrderOf(AccountFilter filter) => filter switch
    {
        AccountFilter.OldPrimary => new("account_by_primary_age", "primary_created", "status = 2"),
        AccountFilter.Secondary => new("account_by_secondary_age", "secondary_created", "secondary_created > 1099511627776"),
        AccountFilter.Suspended => new("account_not_active", "date_updated", "status > 2 AND status = 3"),
        AccountFilter.Closed => new("account_not_active", "date_updated", "status > 2 AND status = 4"),
        _ => new("account_by_name", Name, "1 = 1"),
    };

    private static AccountCursor CursorOf(AccountFilter filter, Account account) => new(
        filter switch
        {
            AccountFilter.OldPrimary => Time(account.Primary!.DateCreated),
            AccountFilter.Secondary => Time(account.Secondary!.DateCreated),
            AccountFilter.Suspended or AccountFilter.Closed => Time(account.DateUpdated),
            _ => Lower(account.FriendlyName),
        },
        account.Sid);

    private static string Time(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>As SQLite's <c>lower</c> does it: A to Z alone.</summary>
    private static string Lower(string text) =>
        string.Create(text.Length, text, static (small, given) =>
        {
            for (var i = 0; i < given.Length; i++)
            {
                small[i] = char.IsAsciiLetterUpper(given[i]) ? (char)(given[i] | 0x20) : given[i];
            }
        });

    private sealed record Order(string Index, string Key, string Condition);
}
