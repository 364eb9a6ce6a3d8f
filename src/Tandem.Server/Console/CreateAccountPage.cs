namespace Tandem.Server.Console;

/// <summary>What the page shows that creates an account.</summary>
/// <param name="Name">What was typed as its name.</param>
/// <param name="Parent">What was typed as its parent.</param>
/// <param name="WrongField">The field that something is wrong with; null when nothing is.</param>
/// <param name="Wrong">What is wrong.</param>
public sealed record CreateAccountModel(string Name, string Parent, string? WrongField = null, string? Wrong = null) : PageModel("Create an account")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary><c>/accounts/_new</c>, for administrators.</summary>
internal static class CreateAccountPage
{
    public static Task AskAsync(PageRequest page) =>
        page.ShowAsync(Pages.CreateAccount.Create(new("", AccountSid.TryParse(page.Http.Request.Query["parent"].ToString().AsSpan(), out var sid) ? sid.ToString() : "")));

    public static async Task CreateAsync(PageRequest page)
    {
        var (name, parent) = (page.Field("name"), page.Field("parent"));
        AccountSid? owner = AccountSid.TryParse(parent.AsSpan(), out var sid) ? sid : null;
        if (WrongName(name) is { } wrongName)
        {
            await page.ShowAsync(Pages.CreateAccount.Create(new(name, parent, "name", wrongName)));
            return;
        }

        if (parent.Length > 0 && owner is null)
        {
            await page.ShowAsync(Pages.CreateAccount.Create(new(name, parent, "parent", "This is no Account SID: AC and 32 hexadecimal digits.")));
            return;
        }

        var outcome = await page.Get<AccountLifecycle>().CreateAsync(page.Caller(UserRole.Administrator), owner, name, page.Context);
        var wrongParent = outcome.Error switch
        {
            ErrorKind.AccountNotFound => "There is no such account.",
            ErrorKind.NotPermitted => "This account is a subaccount itself, and those have none.",
            ErrorKind.AccountClosed => "This account is closed.",
            ErrorKind.TooManySubaccounts =>
                "This account has as many subaccounts as it may have. Close those that are not needed, or raise --subaccounts.",
            _ => null,
        };
        await (wrongParent is null
            ? page.AnswerAsync(outcome, created => NewTokenPage.GoThereAsync(page, created.Account.Sid, created.Token))
            : page.ShowAsync(Pages.CreateAccount.Create(new(name, parent, "parent", wrongParent))));
    }

    /// <summary>What is wrong with a name; null when nothing is.</summary>
    public static string? WrongName(string name) =>
        Account.IsFriendlyName(name) ? null : $"A name has 1 to {Account.FriendlyNameLimit} characters, {VisibleText.Rule}.";
}
