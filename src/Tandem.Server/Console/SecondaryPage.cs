using System.Globalization;

namespace Tandem.Server.Console;

/// <summary><c>/accounts/{sid}/secondary</c> and <c>/accounts/{sid}/delete-secondary</c>.</summary>
internal static class SecondaryPage
{
    private const string Generation = "generation";

    public static async Task AskCreateAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account: var account })
        {
            return;
        }

        if (account.Primary is null || account.Secondary is not null)
        {
            await page.GoToAsync(AccountPaths.Of(account.Sid), account.Primary is null ? null : Note.Warn("There is a secondary token already. Nothing was changed."));
            return;
        }

        await page.ShowAsync(Pages.Confirm.Create(new(
            $"Create a secondary token for {AccountPaths.NameOf(account)}?",
            "It works at once, beside the primary, which goes on working: nothing breaks. Its text is shown once, on the next page, so have at hand where it is to be kept.",
            "Create secondary",
            AccountPaths.Of(account.Sid))
        {
            Command = $"tandem token create {account.Sid} --token-file FILE",
        }));
    }

    public static async Task CreateAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account.Sid: var sid })
        {
            return;
        }

        var outcome = await page.Get<Rotation>().CreateSecondaryAsync(page.Caller(UserRole.Operator), sid, page.Context);
        await AccountPage.AnswerAsync(page, sid, outcome, created => NewTokenPage.GoThereAsync(page, sid, created.Token));
    }

    public static async Task AskDeleteAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return;
        }

        await (view.Account.Secondary is null
            ? page.GoToAsync(AccountPaths.Of(view.Account.Sid), Note.Warn("There is no secondary token any more. Nothing was changed."))
            : page.ShowAsync(Pages.Confirm.Create(Question(view))));
    }

    public static async Task DeleteAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return;
        }

        var sid = view.Account.Sid;
        if (OnSecondary(view).Count > 0 && view.Account.Secondary is not null && !ConfirmModel.IsTyped(page, AccountPaths.TypedFor(view.Account)))
        {
            await page.ShowAsync(Pages.Confirm.Create(Question(view) with { Wrong = "What was typed is not the account’s name. Nothing was deleted." }));
            return;
        }

        var outcome = await page.Get<Rotation>().DeleteSecondaryAsync(
            page.Caller(UserRole.Operator), sid, page.Context, long.TryParse(page.Field(Generation), NumberStyles.None, CultureInfo.InvariantCulture, out var seen) ? seen : -1);
        await AccountPage.AnswerAsync(page, sid, outcome, account => page.GoToAsync(
            AccountPaths.Of(sid), Note.Done($"The secondary {view.Account.Secondary?.Fingerprint} is deleted. The primary {account.Primary!.Fingerprint} goes on working.")));
    }

    private static ConfirmModel Question(AccountView view)
    {
        var (account, on) = (view.Account, OnSecondary(view));
        var effect = on.Count == 0 ? "No consumer has been seen using it." : $"{Spans.Count(on.Count, "consumer")} {(on.Count == 1 ? "uses" : "use")} it already and would fail:";
        return new(
            $"Delete the secondary token {account.Secondary!.Fingerprint}?",
            $"It stops working at once, and this cannot be undone. The primary {account.Primary!.Fingerprint} is not touched. {effect}",
            "Delete secondary",
            AccountPaths.Of(account.Sid))
        {
            IsDanger = true,
            Lines = [.. on.Select(c => new ConfirmLine(
                Tone.Bad,
                c.Called,
                $"with the secondary: {ConsumerText.Seen(c.Use.Secondary!, view.Now)}"))],
            TypeThis = on.Count == 0 ? null : AccountPaths.TypedFor(account),
            Fields = [KeyValuePair.Create(Generation, $"{account.Generation}")],
            Command = $"tandem token delete {account.Sid}",
        };
    }

    /// <summary>The mirror image of a promote: whoever is on the secondary already.</summary>
    private static List<ConsumerVerdict> OnSecondary(AccountView view) =>
        [.. view.Readiness.Consumers.Where(c => c.Use.Secondary is not null).OrderByDescending(c => c.Use.Secondary!.Last)];
}
