using Microsoft.Extensions.Logging;

namespace Tandem.Storage;

internal static partial class StoreLog
{
    [LoggerMessage(1, LogLevel.Warning, "A mutation was refused because it could not be stored (SQLite error {Code}); nothing was changed and checks go on. Free disk space, or end what locks the database.")]
    public static partial void WriteRefused(ILogger logger, int code);

    [LoggerMessage(2, LogLevel.Error, "residue_pending: bytes of a retired token may still lie in the write-ahead log, because something reads the database from outside or the disk is full. Retired tokens are refused all the same; erasing is retried until done.")]
    public static partial void ResiduePending(ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "residue_pending is over: the write-ahead log is empty.")]
    public static partial void ResidueErased(ILogger logger);

    [LoggerMessage(4, LogLevel.Critical, "Stopped while {Doing}: {Reason}.")]
    public static partial void Halted(ILogger logger, string doing, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Recoverable tokens are off: the seals of {Accounts} accounts were erased.")]
    public static partial void SealsErased(ILogger logger, int accounts);

    [LoggerMessage(6, LogLevel.Warning, "A call that retires a token was refused because there is no room for it in the anchor {Path}; nothing was changed and checks go on. Free disk space there.")]
    public static partial void AnchorFull(ILogger logger, string path);

    [LoggerMessage(7, LogLevel.Error, "The work that follows a retirement outside the database failed. "
        + "The change is durable, and the retired token is refused.")]
    public static partial void FileWorkFailed(ILogger logger, Exception fault);
}
