namespace Tandem.Server.Console;

/// <summary>The server's alarms in words.</summary>
internal static class ConsoleAlarms
{
    public static string TextOf(string alarm) => alarm switch
    {
        "residue_pending" => "A retired token is refused, but its bytes may still lie in the database’s log: something reads the database from outside, or the disk is full. It is retried until done.",
        "first_account_file_left" => "first-account.env cannot be read or erased, and was left as it is. "
            + "A token in it that was retired is refused. Look what it is, and remove it.",
        "changes_refused" => "Changes cannot be stored: the disk is full, or another program locks the database. "
            + "Checks are answered. Free disk space, or end that program; the server tries again by itself.",
        "usage_file" => "The usage file cannot be written, so counts are kept in memory alone and are lost when the server stops. "
            + "Checks and rotations are not affected. Free disk space.",
        "secondary_forgotten" => "A secondary token has waited for longer than the settings allow: a rotation that nobody ended, and a second token that works. Accounts, “Secondary forgotten”, lists them.",
        _ => $"The alarm {alarm} is up. The server’s log says why.",
    };
}
