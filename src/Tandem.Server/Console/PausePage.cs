using System.Globalization;

namespace Tandem.Server.Console;

/// <summary>What the rehearsal of a promote shows.</summary>
/// <param name="View">The account.</param>
/// <param name="Seconds">What was typed as the length.</param>
/// <param name="Wrong">What was wrong with it; null when nothing was.</param>
public sealed record PauseModel(AccountView View, string Seconds, string? Wrong = null) : PageModel("Rehearse the promote")
{
    /// <summary>Those that were refused because the primary was paused, the newest first.</summary>
    public IReadOnlyList<ConsumerVerdict> Broken => [.. View.Readiness.Consumers.Where(c => c.Use.BrokeAt > 0).OrderByDescending(c => c.Use.BrokeAt)];
}

/// <summary><c>/accounts/{sid}/pause</c>: for a while the check refuses the primary, and whoever still uses it shows.</summary>
internal static class PausePage
{
    private const string Usual = "60";

    public static async Task ShowAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is { } view)
        {
            await page.ShowAsync(Pages.Pause.Create(new(view, Usual)));
        }
    }

    public static async Task BeginAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return;
        }

        var typed = page.Field("seconds");
        if (!int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || TimeSpan.FromSeconds(seconds) is var length && (length < Rotation.ShortestPause || length > Rotation.LongestPause))
        {
            await page.ShowAsync(Pages.Pause.Create(new(view, typed, $"Give a number of seconds from {Rotation.ShortestPause.TotalSeconds} to {Rotation.LongestPause.TotalSeconds}. Nothing was paused.")));
            return;
        }

        var outcome = await page.Get<Rotation>().PausePrimaryAsync(page.Caller(UserRole.Operator), view.Account.Sid, TimeSpan.FromSeconds(seconds), page.Context);
        await AccountPage.AnswerAsync(page, view.Account.Sid, outcome, account => page.GoToAsync(AccountPaths.Of(account.Sid, "pause")));
    }

    public static async Task StopAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account.Sid: var sid })
        {
            return;
        }

        var outcome = await page.Get<Rotation>().ResumePrimaryAsync(page.Caller(UserRole.Operator), sid, page.Context);
        await AccountPage.AnswerAsync(page, sid, outcome, account => page.GoToAsync(
            AccountPaths.Of(sid, "pause"), Note.Done($"The check accepts the primary {account.Primary!.Fingerprint} again.")));
    }
}
