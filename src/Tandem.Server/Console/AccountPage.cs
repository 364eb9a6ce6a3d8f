namespace Tandem.Server.Console;

/// <summary>Which of the pages about an account.</summary>
public enum AccountTab
{
    /// <summary>Its tokens.</summary>
    Tokens,

    /// <summary>Who uses them.</summary>
    Consumers,

    /// <summary>Who calls with retired ones.</summary>
    LateUse,

    /// <summary>Name, status, subaccounts.</summary>
    Account,
}

/// <summary>What every page about an account begins with.</summary>
/// <param name="Account">The account.</param>
/// <param name="Tab">The page.</param>
public sealed record AccountHead(Account Account, AccountTab Tab)
{
    /// <summary>The pages there are.</summary>
    public static IReadOnlyList<(AccountTab Tab, string Page, string Text)> Tabs { get; } =
    [
        (AccountTab.Tokens, "", "Tokens"), (AccountTab.Consumers, "/consumers", "Consumers"),
        (AccountTab.LateUse, "/late-use", "Late use"), (AccountTab.Account, "/account", "Account"),
    ];
}

/// <summary>What the box of one token shows.</summary>
/// <param name="Slot">Which.</param>
/// <param name="View">The account.</param>
/// <param name="MayAct">Whether the user may change tokens.</param>
public sealed record SlotModel(Slot Slot, AccountView View, bool MayAct)
{
    /// <summary>The token; null when there is none.</summary>
    public StoredToken? Token => Slot == Slot.Primary ? View.Account.Primary : View.Account.Secondary;

    /// <summary>Its last use on any path.</summary>
    public DateTimeOffset? LastUse => Slot == Slot.Primary ? View.PrimaryLastUse : View.SecondaryLastUse;
}

/// <summary>A table of consumers.</summary>
/// <param name="View">The account.</param>
/// <param name="Rows">The rows to show.</param>
/// <param name="MayDecide">Whether the user may decide about them.</param>
public sealed record ConsumerTable(AccountView View, IReadOnlyList<ConsumerVerdict> Rows, bool MayDecide);

/// <summary>What the page about an account's tokens shows.</summary>
/// <param name="View">The account.</param>
/// <param name="Chart">Calls over time.</param>
/// <param name="Events">What was done last.</param>
/// <param name="MayAct">Whether the user may change tokens.</param>
public sealed record AccountModel(AccountView View, UseChart Chart, IReadOnlyList<AuditEntry> Events, bool MayAct) : PageModel(AccountPaths.NameOf(View.Account))
{
    /// <summary>Consumers shown here; all are on a page of their own.</summary>
    public const int MostConsumers = 10;

    /// <summary>Where the check is, as people outside reach it.</summary>
    public required string Origin { get; init; }

    /// <summary>The account's rotation that <c>tandem rotate</c> tells of, while it is not over; else null.</summary>
    public RotationRecord? Rotation { get; init; }

    /// <summary>The verdict in words.</summary>
    public PromoteVerdict Verdict { get; } = PromoteVerdict.Of(View);

    /// <summary>How far the rotation has come: 1 create, 2 move, 3 promote.</summary>
    public int Step => View.Account.Secondary is null ? 1 : View.Readiness.State == ReadinessState.Moved ? 3 : 2;
}

/// <summary><c>/accounts/{sid}</c>: both tokens, the verdict, and the consumers behind it.</summary>
internal static class AccountPage
{
    private const int MostEvents = 8;

    public static async Task ShowAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return;
        }

        var events = await page.Get<IAccountStore>().ReadAuditAsync(new(MostEvents, view.Account.Sid), page.Http.RequestAborted);
        var chart = UseChart.Of(view.Report, page.Http.Request.Query["span"]);
        await page.ShowAsync(Pages.AccountTokens.Create(new(view, chart, events, page.May(UserRole.Operator))
        {
            Origin = page.Origin,
            Rotation = page.Get<RotationRecords>().Find(view.Account.Sid) is { IsOver: false } record && (view.Account.Secondary is not null || record.IsLive(page.Now)) ? record : null,
        }));
    }

    /// <summary>
    /// Answers what came of a change of tokens. Whoever was overtaken by somebody else is told by whom, on the page that shows how it is now.
    /// </summary>
    public static async Task AnswerAsync<T>(PageRequest page, AccountSid sid, Outcome<T> outcome, Func<T, Task> done)
        where T : class
    {
        var overtaken = outcome.Error switch
        {
            ErrorKind.GenerationChanged => "The tokens have changed since you looked.",
            ErrorKind.NoSecondary => "There is no secondary token any more.",
            ErrorKind.SecondaryExists => "There is a secondary token already.",
            ErrorKind.NotPaused => "The primary is not paused any more.",
            _ => null,
        };
        if (overtaken is null)
        {
            await page.AnswerAsync(outcome, done);
            return;
        }

        var last = await page.Get<IAccountStore>().ReadAuditAsync(new(1, sid), page.Http.RequestAborted);
        var by = last is [var entry] ? $" The last change: {AuditText.Sentence(entry, page.Now)}." : "";
        await page.GoToAsync(AccountPaths.Of(sid), Note.Warn($"{overtaken} Nothing was changed.{by}"));
    }
}
