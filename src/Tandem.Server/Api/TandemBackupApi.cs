using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Backups;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/backup</c>: the database as a stream, encrypted when there are keys for it.</summary>
internal static class TandemBackupApi
{
    /// <summary>Says how many keys it is encrypted to, for whoever writes it to a file.</summary>
    public const string RecipientsHeader = "X-Tandem-Backup-Recipients";

    public static async Task Make(HttpContext http)
    {
        var request = await TandemProblems.ReadAsync(http, TandemJson.Default.BackupRequest);
        var recipients = request.Recipients is { } named ? [.. named.Select(Read)] : TandemApi.Get<TandemOptions>(http).BackupRecipients;
        var refusal = await TandemApi.Get<Backup>(http).MakeAsync(TandemApi.CallerOf(http), recipients, TandemApi.Context(http), async copy =>
        {
            http.Features.Set(Committed.Mark);
            http.Response.ContentType = "application/octet-stream";
            http.Response.Headers[RecipientsHeader] = recipients.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await Backup.WriteAsync(copy, http.Response.Body, recipients, http.RequestAborted);
        });
        if (refusal != ErrorKind.None)
        {
            await TandemProblems.WriteAsync(http, TandemProblems.Of(refusal));
        }
    }

    private static AgeRecipient Read(string text) => AgeRecipient.TryParse(text, out var recipient) ? recipient
        : throw new TandemRefusal(TandemProblems.Invalid("A recipient is a public key as age-keygen prints it: age1 and 58 more characters."));
}
