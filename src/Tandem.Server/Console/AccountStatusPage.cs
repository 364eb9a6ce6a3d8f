namespace Tandem.Server.Console;

/// <summary>What the page about an account itself shows.</summary>
/// <param name="Account">The account.</param>
/// <param name="MayChange">Whether the user may change it.</param>
/// <param name="Name">What was typed as its name.</param>
/// <param name="Wrong">What was wrong with it; null when nothing was.</param>
public sealed record AccountStatusModel(Account Account, bool MayChange, string Name, string? Wrong = null) : PageModel(AccountPaths.NameOf(Account));

/// <summary><c>/accounts/{sid}/account</c>: name and status; and the switch of the promote guard.</summary>
internal static class AccountStatusPage
{
    private const UserRole Needed = UserRole.Administrator;

    public static async Task ShowAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is { Account: var account })
        {
            await page.ShowAsync(Pages.AccountStatus.Create(new(account, page.May(Needed), account.FriendlyName)));
        }
    }

    public static async Task RenameAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account: var account })
        {
            return;
        }

        var name = page.Field("name");
        if (CreateAccountPage.WrongName(name) is { } wrong)
        {
            await page.ShowAsync(Pages.AccountStatus.Create(new(account, true, name, wrong)));
            return;
        }

        await UpdateAsync(page, account, name, null, $"The account is called {name} now.");
    }

    public static Task AskSuspendAsync(PageRequest page) => AskAsync(page, account => account.Status != AccountStatus.Active ? null : new(
        $"Suspend {AccountPaths.NameOf(account)}?",
        "Both its tokens, and those of its subaccounts, are refused from this moment on. Activating it again restores them.",
        "Suspend",
        AccountPaths.Of(account.Sid, "account"))
    {
        IsDanger = true,
        Command = $"tandem account suspend {account.Sid}",
    });

    public static Task AskCloseAsync(PageRequest page) => AskAsync(page, account => account.Status == AccountStatus.Closed ? null : CloseQuestion(account));

    public static Task SuspendAsync(PageRequest page) => ChangeAsync(page, AccountStatus.Suspended, "Suspended: both tokens are refused until you activate the account again.");

    public static Task ActivateAsync(PageRequest page) => ChangeAsync(page, AccountStatus.Active, "Active: both tokens are accepted again.");

    public static async Task CloseAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account: var account })
        {
            return;
        }

        if (!ConfirmModel.IsTyped(page, AccountPaths.TypedFor(account)))
        {
            await page.ShowAsync(Pages.Confirm.Create(CloseQuestion(account) with { Wrong = "What was typed is not the account’s name. Nothing was closed." }));
            return;
        }

        await UpdateAsync(page, account, null, AccountStatus.Closed, "Closed: both tokens are gone.");
    }

    public static async Task GuardAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account: var account })
        {
            return;
        }

        var guard = page.Field("guard").Equals("enforce", StringComparison.Ordinal) ? PromoteGuard.Enforce : PromoteGuard.Off;
        var outcome = await page.Get<AccountLifecycle>().GuardAsync(page.Caller(UserRole.Operator), account.Sid, guard, page.Context);
        await page.AnswerAsync(outcome, _ => page.GoToAsync(
            AccountPaths.Of(account.Sid), Note.Done(guard == PromoteGuard.Enforce ? "The promote guard is on." : "The promote guard is off.")));
    }

    private static ConfirmModel CloseQuestion(Account account) => new(
        $"Close {AccountPaths.NameOf(account)}?",
        "Both its tokens are erased at once and for good. A closed account cannot be opened again.",
        "Close for good",
        AccountPaths.Of(account.Sid, "account"))
    {
        IsDanger = true,
        TypeThis = AccountPaths.TypedFor(account),
        Command = $"tandem account close {account.Sid}",
    };

    private static async Task AskAsync(PageRequest page, Func<Account, ConfirmModel?> question)
    {
        if (await AccountView.ReadAsync(page) is { Account: var account })
        {
            await (question(account) is { } asked
                ? page.ShowAsync(Pages.Confirm.Create(asked))
                : page.GoToAsync(AccountPaths.Of(account.Sid, "account"), Note.Warn("The account’s status has changed since you looked. Nothing was changed.")));
        }
    }

    private static async Task ChangeAsync(PageRequest page, AccountStatus status, string done)
    {
        if (await AccountView.ReadAsync(page) is { Account: var account })
        {
            await UpdateAsync(page, account, null, status, done);
        }
    }

    private static async Task UpdateAsync(PageRequest page, Account account, string? name, AccountStatus? status, string done)
    {
        var outcome = await page.Get<AccountLifecycle>().UpdateAsync(page.Caller(Needed), account.Sid, name, status, page.Context);
        await page.AnswerAsync(outcome, _ => page.GoToAsync(AccountPaths.Of(account.Sid, "account"), Note.Done(done)));
    }
}
