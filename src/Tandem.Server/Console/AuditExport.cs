using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tandem.Client;

namespace Tandem.Server.Console;

/// <summary>
/// <c>/audit/export.jsonl</c> and <c>/audit/export.csv</c>: everything that the filter takes, the oldest first, read in short reads and written
/// between them.
/// </summary>
internal static class AuditExport
{
    private const string Columns = "number,at,account_sid,action,generation,actor,source,request_id,suppress_email_notification,fingerprint,consumer,detail\r\n";

    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    public static Task WriteLinesAsync(PageRequest page) => WriteAsync(page, "application/jsonl", "jsonl", "", static (text, entry) =>
        text.Append(JsonSerializer.Serialize(AuditEntries.Describe(entry), TandemJson.Default.AuditInfo)).Append('\n'));

    public static Task WriteTableAsync(PageRequest page) => WriteAsync(page, "text/csv; charset=utf-8", "csv", Columns, static (text, entry) =>
    {
        var info = AuditEntries.Describe(entry);
        text.AppendJoin(',', new[]
        {
            info.Number.ToString(CultureInfo.InvariantCulture),
            info.At.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            info.AccountSid ?? "",
            info.Action,
            info.Generation.ToString(CultureInfo.InvariantCulture),
            Cell(info.Actor),
            Cell(info.Source),
            Cell(info.RequestId),
            info.SuppressEmailNotification ? "true" : "false",
            info.Fingerprint is { } fingerprint ? $"\"{fingerprint}\"" : "", // 12e4 is no number
            info.Consumer ?? "",
            Cell(info.Detail ?? ""),
        }).Append("\r\n");
    });

    /// <summary>A cell of a table; what a spreadsheet would take for a formula is made a text.</summary>
    internal static string Cell(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' ? $"'{text}" : text;
        return safe.AsSpan().ContainsAny(Special) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static async Task WriteAsync(PageRequest page, string type, string extension, string head, Action<StringBuilder, AuditEntry> write)
    {
        var (store, filter, cancel) = (page.Get<IAccountStore>(), AuditPage.FilterOf(page.Http.Request.Query), page.Http.RequestAborted);
        var response = page.Http.Response;
        response.ContentType = type;
        response.Headers.ContentDisposition = $"attachment; filename=\"tandem-audit-{page.Now:yyyyMMdd-HHmmss}.{extension}\"";
        var text = new StringBuilder(head);
        IReadOnlyList<AuditEntry> entries;
        var after = 0L;
        do
        {
            entries = await store.ReadAuditAsync(new(AuditScan.Chunk, filter.Account, After: after), cancel);
            foreach (var entry in entries.Where(filter.Takes))
            {
                write(text, entry);
            }

            await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancel);
            text.Clear();
            after = entries.Count > 0 ? entries[^1].Epoch : after;
        }
        while (entries.Count == AuditScan.Chunk);
    }
}
