namespace Tandem.Storage;

/// <summary>What an opened store holds in memory.</summary>
internal sealed record StoreContent(DataKeys Keys, VerifierIndex Index, PendingSecondaries Pending);
