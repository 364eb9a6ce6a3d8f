namespace Tandem.Server.Listeners;

/// <summary>The server cannot listen as it was told to. The message is for the user: whole sentences, one line for each cause.</summary>
/// <param name="message">What happened, what it means, what to do.</param>
public sealed class ListenerException(string message) : Exception(message);
