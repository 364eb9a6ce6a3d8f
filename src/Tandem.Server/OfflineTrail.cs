using Tandem.Client;
using Tandem.Storage;

namespace Tandem.Server;

/// <summary>The audit trail of a data directory that no server runs on.</summary>
public static class OfflineTrail
{
    /// <summary>Computes every link again, as the server does when it is asked to.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="rootKeyFile">The root key; null for the directory's own.</param>
    /// <param name="anchorFile">The anchor; null for where it lies by default.</param>
    /// <exception cref="StartException">There is no such directory, or no key.</exception>
    /// <exception cref="StoreException">The database cannot be read.</exception>
    public static AuditVerificationInfo Verify(string directory, string? rootKeyFile, string? anchorFile)
    {
        var data = DataDirectory.OpenExisting(directory);
        using var key = new RootKeyFile(data, rootKeyFile).Read();
        return AuditEntries.Describe(OfflineAudit.Verify(data.Root, key, data.AnchorFile(anchorFile)));
    }
}
