namespace Tandem.Storage;

/// <summary>How to open the embedded store.</summary>
public sealed record SqliteOptions
{
    /// <summary>The data directory: the database and its lock lie in it. It exists and is on a local disk.</summary>
    public required string Directory { get; init; }

    /// <summary>Unwraps the data keys.</summary>
    public required RootKey RootKey { get; init; }

    /// <summary>Where the time comes from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether tokens stay readable under the server's key. When off, seals left from a time when it was on are erased at opening.</summary>
    public bool RecoverableTokens { get; init; }

    /// <summary>The file that knows of every call that retired a token, outside the directory; null to do without.</summary>
    public string? AnchorFile { get; init; }

    /// <summary>Whether a database that is not new is refused when its anchor is missing or new; <see cref="AcceptRollback"/> overrides it.</summary>
    public bool RequireAnchor { get; init; }

    /// <summary>Whether a database that is older than its anchor is opened all the same, this once.</summary>
    public bool AcceptRollback { get; init; }

    /// <summary>
    /// Ends the process at once with this sentence, without running anything else: called after an I/O error, when what is in memory
    /// may differ from what is on disk. Does not return.
    /// </summary>
    public required Action<string> Stop { get; init; }

    /// <summary>
    /// Called with an account after a change that retired one of its tokens, on the writer's thread: it begins its work elsewhere, and the change is
    /// answered when that has ended. The work must end within seconds, whatever it waits for; when it fails, the change is answered as done.
    /// </summary>
    public Func<Account, Task>? Retired { get; init; }
}
