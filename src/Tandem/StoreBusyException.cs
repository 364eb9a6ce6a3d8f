namespace Tandem;

/// <summary>A read of the store was refused: too many wait, or it took too long. Nothing was changed, and it may be tried again.</summary>
/// <param name="message">Which of the two.</param>
public sealed class StoreBusyException(string message) : Exception(message);
