using System.Text.Json;
using Tandem.Client;

namespace Tandem.Server;

/// <summary>Audit entries as they are written to whoever reads them.</summary>
internal static class AuditEntries
{
    /// <summary>An action's name: <c>secondary_promoted</c>.</summary>
    public static string NameOf(AuditAction action) => JsonNamingPolicy.SnakeCaseLower.ConvertName(action.ToString());

    /// <summary>The wire's form of an entry.</summary>
    public static AuditInfo Describe(AuditEntry entry) => new()
    {
        Number = entry.Epoch,
        At = entry.At,
        AccountSid = entry.Entry.Account == default ? null : entry.Entry.Account.ToString(),
        Action = NameOf(entry.Entry.Action),
        Generation = entry.Generation,
        Actor = entry.Entry.Actor,
        Source = entry.Entry.Context.Source,
        RequestId = entry.Entry.Context.RequestId,
        SuppressEmailNotification = entry.Entry.Context.SuppressEmailNotification,
        Fingerprint = entry.Entry.Token?.ToString(),
        Consumer = entry.Entry.Consumer,
        Detail = entry.Entry.Detail,
    };

    /// <summary>The wire's form of what became of verifying them all.</summary>
    public static AuditVerificationInfo Describe(AuditVerification found) => new()
    {
        Intact = found.Break is null,
        Entries = found.Entries,
        Last = found.Last,
        CutUpTo = found.Start?.Number,
        CutUpToAt = found.Start?.At,
        Break = found.Break is not { } broken ? null : new()
        {
            Number = broken.Number,
            At = broken.At,
            Kind = JsonNamingPolicy.SnakeCaseLower.ConvertName(broken.Kind.ToString()),
            Detail = broken.Detail,
        },
    };
}
