namespace Tandem.Client;

/// <summary>How a backup is to be made.</summary>
public sealed record BackupRequest
{
    /// <summary>
    /// The public keys (<c>age1…</c>) that it is encrypted to; null for those of the server's settings. Empty for a backup that is not encrypted.
    /// </summary>
    public IReadOnlyList<string>? Recipients { get; init; }
}
