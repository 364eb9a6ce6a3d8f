namespace Tandem.Server.Console;

/// <summary>Audit entries in words.</summary>
internal static class AuditText
{
    /// <summary>Reads the name of an action; null when it names none.</summary>
    public static AuditAction? ActionOf(string name)
    {
        foreach (var action in Enum.GetValues<AuditAction>())
        {
            if (WireName.Of(action).Equals(name, StringComparison.Ordinal))
            {
                return action;
            }
        }

        return null;
    }

    /// <summary>What was done, in a few words, without by whom.</summary>
    public static string Of(AuditAction action) => action switch
    {
        AuditAction.AccountCreated => "account created",
        AuditAction.AccountImported => "account imported",
        AuditAction.AccountRenamed => "account renamed",
        AuditAction.AccountSuspended => "account suspended",
        AuditAction.AccountActivated => "account activated",
        AuditAction.AccountClosed => "account closed",
        AuditAction.SecondaryCreated => "secondary created",
        AuditAction.SecondaryDeleted => "secondary deleted",
        AuditAction.SecondaryPromoted => "secondary promoted",
        AuditAction.SecondaryPromotedByForce => "secondary promoted by force",
        AuditAction.PromoteGuardChanged => "promote guard switched",
        AuditAction.ConsumerDecided => "consumer decided about",
        AuditAction.PrimaryPaused => "primary paused",
        AuditAction.PrimaryResumed => "pause ended",
        AuditAction.AuditCut => "old entries cut off",
        AuditAction.RollbackAccepted => "an older copy of the database accepted",
        AuditAction.KeysRotated => "root key changed",
        AuditAction.BackupMade => "backup made",
        _ => WireName.Of(action).Replace('_', ' '),
    };

    /// <summary>The token and the detail that go with it; empty for nothing.</summary>
    public static string More(AuditDraft entry) => string.Join(", ", new[]
    {
        entry.Token?.ToString(),
        entry.Consumer is { } consumer ? $"consumer {consumer}" : null,
        entry.Detail,
    }.OfType<string>());

    /// <summary>A whole sentence: <c>secondary promoted (07da) by operator ada, 2 minutes ago</c>.</summary>
    public static string Sentence(AuditEntry entry, DateTimeOffset now) =>
        $"{Of(entry.Entry.Action)}{(entry.Entry.Token is { } token ? $" ({token})" : "")} by {entry.Entry.Actor}, {Parts.Relative(entry.At, now)}";
}
