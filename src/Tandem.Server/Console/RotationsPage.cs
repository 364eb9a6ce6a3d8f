using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>A rotation in the list.</summary>
/// <param name="Sid">The account.</param>
/// <param name="Name">What people call the account.</param>
/// <param name="Record">What it told of itself.</param>
public sealed record RotationLine(AccountSid Sid, string Name, RotationRecord Record);

/// <summary>What the list of rotations shows.</summary>
/// <param name="Rows">Those that run first.</param>
/// <param name="IsCut">Whether there are more.</param>
public sealed record RotationsModel(IReadOnlyList<RotationLine> Rows, bool IsCut) : PageModel("Rotations");

/// <summary>What the page about one rotation shows.</summary>
/// <param name="Line">The rotation.</param>
public sealed record RotationModel(RotationLine Line) : PageModel($"Rotation of {Line.Name}");

/// <summary><c>/rotations</c>: what <c>tandem rotate</c> tells of itself, wherever it runs.</summary>
internal static class RotationsPage
{
    public const string Path = "/rotations";

    private const int Most = 100;

    public static string Of(AccountSid sid) => $"{Path}/{sid}";

    public static async Task ListAsync(PageRequest page)
    {
        var records = page.Get<RotationRecords>().List(Most + 1);
        var rows = new List<RotationLine>();
        foreach (var (sid, record) in records.Take(Most))
        {
            rows.Add(await LineAsync(page, sid, record));
        }

        await page.ShowAsync(Pages.Rotations.Create(new(rows, records.Count > Most)));
    }

    public static async Task ShowAsync(PageRequest page)
    {
        if (AccountSid.TryParse(page.Route("sid").AsSpan(), out var sid) && page.Get<RotationRecords>().Find(sid) is { } record)
        {
            await page.ShowAsync(Pages.OneRotation.Create(new(await LineAsync(page, sid, record))));
            return;
        }

        await page.FailAsync(StatusCodes.Status404NotFound);
    }

    private static async Task<RotationLine> LineAsync(PageRequest page, AccountSid sid, RotationRecord record) => new(
        sid, await page.Get<IAccountStore>().FindAsync(sid, page.Http.RequestAborted) is { } account ? AccountPaths.NameOf(account) : sid.ToString(), record);
}

/// <summary>A rotation in words.</summary>
internal static class RotationText
{
    /// <summary>How it stands: by shape, word and colour.</summary>
    public static (Tone Tone, string Word) StateOf(RotationRecord record, DateTimeOffset now) => record.Progress switch
    {
        RotationProgress.Rotated => (Tone.Good, "done: the old token is dead"),
        RotationProgress.Aborted => (Tone.Idle, "went back: the old token is in force"),
        RotationProgress.Running when record.IsLive(now) => (Tone.Good, "running"),
        RotationProgress.Running => (Tone.Warn, "not heard of any more"),
        _ => (Tone.Warn, "stopped"),
    };

    /// <summary>A step as a sentence of two or three words.</summary>
    public static string StepOf(string step) => step switch
    {
        "creating" => "Create the secondary",
        "delivering" => "Deliver it",
        "watching" => "Watch who still needs the old token",
        "promoting" => "Promote",
        "settling" => "Let everyone notice",
        "verifying" => "Verify",
        "tidying" => "Tidy",
        "rolling_back" => "Go back",
        _ => "Over",
    };

    /// <summary>The steps that are to come, while it goes forward.</summary>
    public static IEnumerable<string> ToCome(RotationRecord record) => record.IsOver || record.Step is "rolling_back" ? []
        : RotationRecord.AllSteps.SkipWhile(s => !string.Equals(s, record.Step, StringComparison.Ordinal)).Skip(1).Where(s => s is not ("rolling_back" or "done"));
}
