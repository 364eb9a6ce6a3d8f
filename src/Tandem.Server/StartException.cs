namespace Tandem.Server;

/// <summary>The server cannot start. The message is whole sentences for whoever starts it: what happened, what it means, what to do.</summary>
public sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
