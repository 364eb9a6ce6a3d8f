using System.Globalization;
using Tandem.Storage;

namespace Tandem.Server.Backups;

/// <summary>
/// Makes backups while the server runs. A backup is the database as one SQLite file, encrypted to public keys in the format of age when there are any.
/// The root key is in none.
/// </summary>
internal sealed class Backup(SqliteAccountStore store, TandemOptions options) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>
    /// Copies the database into a private file in the data directory and hands it over to be read. Its audit entry is made when the copy is whole, so
    /// that a refusal means that nothing was changed.
    /// </summary>
    /// <param name="caller">An operator.</param>
    /// <param name="recipients">To whose keys it is going to be encrypted; none for not at all.</param>
    /// <param name="context">Where the call came from.</param>
    /// <param name="send">Reads the copy to its end; it is erased afterwards. No answer may be an error any more when it is called.</param>
    public async Task<ErrorKind> MakeAsync(Caller caller, IReadOnlyList<AgeRecipient> recipients, ChangeContext context, Func<Stream, Task> send)
    {
        await _turn.WaitAsync();
        try
        {
            return await MakeAsync(DataDirectory.Of(options.DataDirectory).NewCopy(), caller, recipients, context, send);
        }
        finally
        {
            _turn.Release(); // whatever has failed, or no backup would ever be made again
        }
    }

    /// <summary>Writes a copy as a backup: as it is, or encrypted.</summary>
    public static Task WriteAsync(Stream copy, Stream into, IReadOnlyList<AgeRecipient> recipients, CancellationToken cancel) =>
        recipients.Count == 0 ? copy.CopyToAsync(into, cancel) : AgeEncryption.EncryptAsync(copy, into, recipients, cancel);

    public void Dispose() => _turn.Dispose();

    private async Task<ErrorKind> MakeAsync(
        string copy, Caller caller, IReadOnlyList<AgeRecipient> recipients, ChangeContext context, Func<Stream, Task> send)
    {
        try
        {
            if (!await store.CopyAsync(copy))
            {
                return ErrorKind.Unavailable;
            }

            await using var file = new FileStream(copy, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0, useAsync: true);
            if (await store.ChangeAsync<Caller>(default, rows => Note(caller, rows, recipients, context)) is { Error: not ErrorKind.None and var refusal })
            {
                return refusal;
            }

            await send(file);
            return ErrorKind.None;
        }
        finally
        {
            DurableFile.Erase(copy);
        }
    }

    private static Change<Caller> Note(Caller caller, IAccountRows rows, IReadOnlyList<AgeRecipient> recipients, ChangeContext context) =>
        caller.MayOperate(rows) is var refusal and not ErrorKind.None ? refusal
            : new Change<Caller>(
                new AuditDraft(AuditAction.BackupMade, default, caller.OperatorName ?? "", context)
                {
                    Detail = recipients.Count == 0 ? "not encrypted" : string.Create(CultureInfo.InvariantCulture, $"encrypted to {string.Join(", ", recipients.Select(r => r.Text))}"),
                },
                caller);
}
