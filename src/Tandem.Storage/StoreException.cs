namespace Tandem.Storage;

/// <summary>The store cannot be opened. The message is a whole sentence for whoever starts the server.</summary>
public sealed class StoreException : Exception
{
    /// <summary>With a message for the user.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for the user and what caused it.</summary>
    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
