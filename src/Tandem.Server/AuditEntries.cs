using Tandem.Client;

namespace Tandem.Server;

/// <summary>Audit entries as they are written to whoever reads them.</summary>
internal static class AuditEntries
{
    /// <summary>The wire's form of an entry.</summary>
    public static AuditInfo Describe(AuditEntry entry) => new()
    {
        Number = entry.Epoch,
        At = entry.At,
        AccountSid = entry.Entry.Account == default ? null : entry.Entry.Account.ToString(),
        Action = WireName.Of(entry.Entry.Action),
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
        ComparedWithAnchor = found.ComparedWithAnchor,
        Break = found.Break is not { } broken ? null : new()
        {
            Number = broken.Number,
            At = broken.At,
            Kind = WireName.Of(broken.Kind),
            Detail = broken.Detail,
        },
    };
}
