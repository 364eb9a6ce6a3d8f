namespace Tandem.Server.Console;

/// <summary>What the page about calls with retired tokens shows.</summary>
/// <param name="View">The account.</param>
/// <param name="IsOn">Whether late use is told at all.</param>
public sealed record LateUseModel(AccountView View, bool IsOn) : PageModel($"Late use of {AccountPaths.NameOf(View.Account)}");

/// <summary><c>/accounts/{sid}/late-use</c>: who still calls with a token that was promoted away or deleted.</summary>
internal static class LateUsePage
{
    public static async Task ShowAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is { } view)
        {
            await page.ShowAsync(Pages.LateUse.Create(new(view, page.Get<TandemOptions>().LateUse)));
        }
    }
}
