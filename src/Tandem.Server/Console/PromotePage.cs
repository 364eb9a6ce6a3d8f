using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>What the question before a promote shows.</summary>
/// <param name="View">The account.</param>
/// <param name="Generation">The tokens that the question is about.</param>
/// <param name="Reason">What was typed as the reason.</param>
/// <param name="Wrong">What was wrong; null at first.</param>
public sealed record PromoteModel(AccountView View, long Generation, string Reason = "", string? Wrong = null)
    : PageModel("Promote the secondary to primary?")
{
    /// <summary>The verdict in words.</summary>
    public PromoteVerdict Verdict { get; } = PromoteVerdict.Of(View);

    /// <summary>Whether everyone has moved: then a plain confirmation is enough.</summary>
    public bool IsReady => View.Readiness.State == ReadinessState.Moved;

    /// <summary>Whom the question names, by which the answer is held to what was shown.</summary>
    public string Named => string.Join(',', View.InTheWay.Select(c => c.Use.Key.Id));

    /// <summary>Those that people have marked gone; a promote does not wait for them.</summary>
    public IReadOnlyList<ConsumerVerdict> Gone => [.. View.Readiness.Consumers.Where(c => c.Standing == ConsumerStanding.Gone)];

    /// <summary>The last call with the primary on the API itself, which is no evidence of a consumer, if it was within the quiet time.</summary>
    public DateTimeOffset? ControlUse =>
        View.Report.Usage?.Control(Slot.Primary).Last is > 0 and var last && View.Now - DateTimeOffset.FromUnixTimeSeconds(last) < View.QuietTime
            ? DateTimeOffset.FromUnixTimeSeconds(last)
            : null;
}

/// <summary>
/// <c>/accounts/{sid}/promote</c>. The question names everybody who would break. The answer is held to the question: when the tokens have changed
/// since, or somebody stands in the way who was not named, it is asked again.
/// </summary>
internal static class PromotePage
{
    public const string Generation = "generation";
    public const string Named = "named";
    public const string Reason = "reason";

    public static async Task AskAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return;
        }

        await (view.Account.Secondary is null
            ? page.GoToAsync(AccountPaths.Of(view.Account.Sid), Note.Warn("There is no secondary token to promote. Nothing was changed."))
            : page.ShowAsync(Pages.Promote.Create(new(view, view.Account.Generation))));
    }

    public static async Task PromoteAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return;
        }

        var sid = view.Account.Sid;
        var asked = long.TryParse(page.Field(Generation), NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? generation : -1;
        var reason = page.Field(Reason);
        if (view.Account.Generation == asked && Objection(page, view, reason) is { } objection)
        {
            await page.ShowAsync(Pages.Promote.Create(new(view, asked, reason, objection)), StatusCodes.Status409Conflict);
            return;
        }

        var intent = new PromoteIntent(asked, Force: view.IsGuarded, reason.Length == 0 ? null : reason);
        var outcome = await page.Get<Rotation>().PromoteAsync(page.Caller(UserRole.Operator), sid, page.Context, intent);
        if (outcome.Error == ErrorKind.NotReady && await AccountView.ReadAsync(page) is { } now)
        {
            await page.ShowAsync(Pages.Promote.Create(new(now, asked, reason, Changed)), StatusCodes.Status409Conflict);
            return;
        }

        await AccountPage.AnswerAsync(page, sid, outcome, promoted => page.GoToAsync(
            AccountPaths.Of(sid),
            Note.Done($"Promoted: {promoted.Account.Primary!.Fingerprint} is the primary now, and {view.Account.Primary?.Fingerprint} is refused from this moment on. Whoever still calls with it shows under “Late use”.")));
    }

    private const string Changed = "Somebody stands in the way who was not named when you were asked. Nothing was promoted. Look again, then decide.";

    /// <summary>Why what was sent does not answer the question as it is now; null when it does.</summary>
    private static string? Objection(PageRequest page, AccountView view, string reason)
    {
        if (!AuditDraft.IsReason(reason))
        {
            return $"The reason has at most {AuditDraft.ReasonLimit} characters, {VisibleText.Rule}. Nothing was promoted.";
        }

        if (view.Account.Secondary is null || view.Readiness.State == ReadinessState.Moved)
        {
            return null;
        }

        var named = page.Field(Named).Split(',');
        return !view.InTheWay.All(c => named.Contains(c.Use.Key.Id, StringComparer.Ordinal)) || !page.Http.Request.Form.ContainsKey(ConfirmModel.TypedField) ? Changed
            : !ConfirmModel.IsTyped(page, AccountPaths.TypedFor(view.Account)) ? "What was typed is not the account’s name. Nothing was promoted."
            : view.IsGuarded && reason.Length == 0 ? "The promote guard is on: give a reason. It is kept in the audit. Nothing was promoted."
            : null;
    }
}
