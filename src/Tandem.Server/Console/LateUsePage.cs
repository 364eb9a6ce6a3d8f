using System.Globalization;

namespace Tandem.Server.Console;

/// <summary>What the page about calls with retired tokens shows.</summary>
/// <param name="View">The account.</param>
/// <param name="IsOn">Whether late use is told at all.</param>
/// <param name="Uses">The late uses on this page, the newest first.</param>
/// <param name="Number">The number of the page, from 1.</param>
/// <param name="HasNext">Whether there is a page after it.</param>
public sealed record LateUseModel(AccountView View, bool IsOn, IReadOnlyList<LateUse> Uses, int Number, bool HasNext)
    : PageModel($"Late use of {AccountPaths.NameOf(View.Account)}");

/// <summary><c>/accounts/{sid}/late-use</c>: who still calls with a token that was promoted away or deleted.</summary>
internal static class LateUsePage
{
    private const int Most = 100;

    public static async Task ShowAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is { } view)
        {
            var text = page.Http.Request.Query["page"].ToString();
            var asked = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1;
            number = Math.Clamp(asked, 1, Math.Max(1, (view.Report.LateUses.Count + Most - 1) / Most));
            IReadOnlyList<LateUse> uses = [.. view.Report.LateUses.Skip((number - 1) * Most).Take(Most)];
            await page.ShowAsync(Pages.LateUse.Create(
                new(view, page.Get<TandemOptions>().LateUse, uses, number, number * Most < view.Report.LateUses.Count)));
        }
    }
}
