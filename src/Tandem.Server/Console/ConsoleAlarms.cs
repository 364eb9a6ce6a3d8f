namespace Tandem.Server.Console;

/// <summary>The server's alarms in words.</summary>
internal static class ConsoleAlarms
{
    public static string TextOf(string alarm) => alarm switch
    {
        "residue_pending" => "A retired token is refused, but its bytes may still lie in the database’s log: something reads the database from outside, or the disk is full. It is retried until done.",
        "first_account_file_left" => "first-account.env holds a retired token and could not be erased. The token is refused all the same. Remove the file.",
        "secondary_forgotten" => "A secondary token has waited for longer than the settings allow: a rotation that nobody ended, and a second token that works. Accounts, “Secondary forgotten”, lists them.",
        _ => $"The alarm {alarm} is up. The server’s log says why.",
    };
}
