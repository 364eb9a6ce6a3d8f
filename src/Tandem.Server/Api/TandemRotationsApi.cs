using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tandem.Client;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/accounts/{sid}/rotation</c>: what <c>tandem rotate</c> tells of itself, one rotation an account at a time.</summary>
internal static class TandemRotationsApi
{
    private const int IdLength = 32;

    public static async Task Show(HttpContext http)
    {
        var (sid, records) = (TandemApi.Sid(http), TandemApi.Get<RotationRecords>(http));
        if (await TandemApi.FindAsync(http, sid) is null)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
        }
        else if (records.Find(sid) is { } record)
        {
            await AnswerAsync(http, sid, record);
        }
        else
        {
            await WriteAsync(http, Of(ErrorKind.NoRotation));
        }
    }

    public static async Task Tell(HttpContext http)
    {
        var (sid, records) = (TandemApi.Sid(http), TandemApi.Get<RotationRecords>(http));
        var told = Check(await ReadAsync(http, TandemJson.Default.RotationUpdate));
        if (await TandemApi.FindAsync(http, sid) is null)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
        }
        else if (records.Tell(sid, told).Is(out var record, out var error))
        {
            await AnswerAsync(http, sid, record);
        }
        else
        {
            var other = error == ErrorKind.RotationRunning ? records.Find(sid) : null;
            await WriteAsync(http, other is null ? Of(error) : Of(error) with { Detail = Explain(other) });
        }
    }

    public static async Task Forget(HttpContext http)
    {
        var sid = TandemApi.Sid(http);
        var error = await TandemApi.FindAsync(http, sid) is null ? ErrorKind.AccountNotFound
            : TandemApi.Get<RotationRecords>(http).Forget(sid) ? ErrorKind.None
            : ErrorKind.NoRotation;
        if (error != ErrorKind.None)
        {
            await WriteAsync(http, Of(error));
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Who runs it, since when, how it stands, and when it would be taken for dead.</summary>
    private static string Explain(RotationRecord other) => string.Create(
        CultureInfo.InvariantCulture,
        $"Another rotation of this account runs: {other.Owner}, since {other.Started.UtcDateTime:yyyy-MM-dd' 'HH:mm'Z'}, now {other.Step.Replace('_', ' ')}. It is taken for dead when nothing was heard of it until {(other.Heard + RotationRecord.StaleAfter).UtcDateTime:HH:mm:ss'Z'}.");

    private static RotationRecord Check(RotationUpdate told)
    {
        if (told.Id is not { Length: IdLength } id || !id.All(char.IsAsciiHexDigitLower))
        {
            throw Wrong($"id is {IdLength} hexadecimal digits in lower case.");
        }

        if (!IsText(told.Owner) || told.Started is not { } started || (told.Message is not null && !IsText(told.Message)))
        {
            throw Wrong($"owner and started are needed; owner and message have at most {RotationRecord.MostCharacters} characters, and no control characters.");
        }

        if (Progress(told.Progress) is not { } progress || told.Step is null || !RotationRecord.AllSteps.Contains(told.Step, StringComparer.Ordinal))
        {
            throw Wrong("progress is running, stopped, rotated or aborted; step is one of the steps of a rotation.");
        }

        if (!IsFingerprint(told.OldFingerprint) || !IsFingerprint(told.NewFingerprint))
        {
            throw Wrong("A fingerprint is four hexadecimal digits in lower case. Never send a token here.");
        }

        var destinations = told.Destinations ?? [];
        if (destinations.Count > RotationRecord.MostDestinations
            || !destinations.All(d => IsText(d?.Name) && RotationRecord.AllDestinationStates.Contains(d!.Progress, StringComparer.Ordinal)))
        {
            throw Wrong($"There are at most {RotationRecord.MostDestinations} destinations, each with a name of at most {RotationRecord.MostCharacters} characters and how far it is.");
        }

        return new()
        {
            Id = id,
            Owner = VisibleText.Of(told.Owner!),
            Started = started.ToUniversalTime(),
            Progress = progress,
            Step = told.Step,
            OldFingerprint = told.OldFingerprint,
            NewFingerprint = told.NewFingerprint,
            Destinations = [.. destinations.Select(d => new RotationDestination(VisibleText.Of(d.Name), d.Progress))],
            Message = told.Message is { } message ? VisibleText.Of(message) : null,
        };
    }

    private static TandemRefusal Wrong(string detail) => new(Invalid(detail));

    private static bool IsText(string? text) => text is { Length: > 0 and <= RotationRecord.MostCharacters } && !text.Any(char.IsControl);

    private static bool IsFingerprint(string? text) => text is null || (text.Length == 4 && text.All(char.IsAsciiHexDigitLower));

    private static RotationProgress? Progress(string? name) =>
        Enum.GetValues<RotationProgress>().Cast<RotationProgress?>().FirstOrDefault(p => string.Equals(WireName.Of(p!.Value), name, StringComparison.Ordinal));

    private static Task AnswerAsync(HttpContext http, AccountSid sid, RotationRecord record) => WriteAsync(
        http,
        StatusCodes.Status200OK,
        new RotationInfo
        {
            AccountSid = sid.ToString(),
            Id = record.Id,
            Owner = record.Owner,
            Started = record.Started,
            Progress = WireName.Of(record.Progress),
            IsLive = record.IsLive(TandemApi.Get<TimeProvider>(http).GetUtcNow()),
            HeardAt = record.Heard,
            Steps = [.. record.Steps.Select(s => new RotationStepInfo { Step = s.Step, Began = s.Began })],
            OldFingerprint = record.OldFingerprint,
            NewFingerprint = record.NewFingerprint,
            Destinations = [.. record.Destinations.Select(d => new RotationDestinationInfo { Name = d.Name, Progress = d.Progress })],
            Message = record.Message,
        },
        TandemJson.Default.RotationInfo);
}
