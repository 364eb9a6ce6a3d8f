using System.Runtime.CompilerServices;
using Tandem.Client;
using Tandem.Server.Listeners;

namespace Tandem.Cli.Doctor;

/// <summary>
/// The clock, against the newest stamps that were kept: the audit's where a server can be asked, else the files'. A clock that was put back makes
/// dates wrong and quiet times longer; no decision about a token rests on it.
/// </summary>
internal sealed class ClockCheckup(TimeProvider time) : ICheckup
{
    private static readonly TimeSpan s_tolerance = TimeSpan.FromSeconds(5);

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (!subject.HasDirectory)
        {
            yield break;
        }

        var newest = subject.Server is null ? NewestFile(subject) : await NewestEntryAsync(subject, cancel) ?? NewestFile(subject);
        if (newest is not var (at, what))
        {
            yield return Finding.Ok("clock", "nothing has been kept yet that it could be compared with.");
            yield break;
        }

        var ahead = at - time.GetUtcNow();
        yield return ahead > s_tolerance
            ? Finding.Warn("clock", $"it says {Print.Time(time.GetUtcNow())}, but {what} is of {Print.Time(at)}: it was put back by {Print.Span(ahead)} or more, or was wrong then. Dates in the audit and the verdict of readiness suffer.", "timedatectl status")
            : Finding.Ok("clock", $"it is past {what}, of {Print.Time(at)}.");
    }

    private static async Task<(DateTimeOffset At, string What)?> NewestEntryAsync(Subject subject, CancellationToken cancel)
    {
        try
        {
            using var client = TandemClient.OverSocket(AdminSocket.PathIn(subject.Directory));
            return (await client.GetAuditAsync(null, limit: 1, cancel: cancel)).Entries is [var entry] ? (entry.At, "the newest audit entry") : null;
        }
        catch (TandemException)
        {
            return null;
        }
    }

    private static (DateTimeOffset At, string What)? NewestFile(Subject subject) =>
        Directory.EnumerateFiles(subject.Directory, "tandem*.db*").MaxBy(File.GetLastWriteTimeUtc) is { } file
            ? (new(File.GetLastWriteTimeUtc(file)), Path.GetFileName(file)) : null;
}
