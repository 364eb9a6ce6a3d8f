namespace Tandem.Storage;

/// <summary>What an opened store holds beside the database; the anchor is null when there is none.</summary>
internal sealed record StoreContent(DataKeys Keys, VerifierIndex Index, PendingSecondaries Pending, Anchor? Anchor);
