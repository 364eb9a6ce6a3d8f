namespace Tandem.Server;

/// <summary>What needs a person, by name. An alarm does not make the server unready: every promise about answers is kept meanwhile.</summary>
internal sealed class Alarms(IAccountStore store, FirstAccount? firstAccount)
{
    /// <summary>Those that are up now.</summary>
    public IReadOnlyList<string> Up()
    {
        var up = new List<string>();
        if (store.ResiduePending)
        {
            up.Add("residue_pending");
        }

        if (firstAccount is { FileLeft: true })
        {
            up.Add("first_account_file_left");
        }

        return up;
    }
}
