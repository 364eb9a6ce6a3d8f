namespace Tandem.Server.Console;

/// <summary>
/// The pages about accounts and what may be done there. What makes a token, ends one or stops an account takes a fresh proof of who is there; each
/// such form has a question under the same path, to come back to after signing in.
/// </summary>
internal static class AccountRoutes
{
    private const string One = $"{ConsolePaths.Accounts}/{{sid}}";

    public static void Map(PageRoutes pages)
    {
        pages.Show(ConsolePaths.Accounts, UserRole.Viewer, AccountsPage.ListAsync);
        pages.Show($"{ConsolePaths.Accounts}/_new", UserRole.Administrator, CreateAccountPage.AskAsync);
        pages.ActFresh($"{ConsolePaths.Accounts}/_new", UserRole.Administrator, CreateAccountPage.CreateAsync);
        pages.Show(One, UserRole.Viewer, AccountPage.ShowAsync);
        pages.Show($"{One}/live", UserRole.Viewer, LiveStream.ShowAccountAsync);
        pages.Show($"{One}/late-use", UserRole.Viewer, LateUsePage.ShowAsync);
        pages.Show($"{One}/consumers", UserRole.Viewer, ConsumersPage.ListAsync);
        pages.Show($"{One}/consumers/{{consumer}}", UserRole.Viewer, ConsumersPage.ShowAsync);
        pages.Act($"{One}/consumers/{{consumer}}", UserRole.Operator, ConsumersPage.DecideAsync);
        pages.Act($"{One}/consumers/{{consumer}}/mark", UserRole.Operator, ConsumersPage.MarkAsync);
        MapTokens(pages);
        MapStatus(pages);
    }

    private static void MapTokens(PageRoutes pages)
    {
        pages.Show($"{One}/secondary", UserRole.Operator, SecondaryPage.AskCreateAsync);
        pages.ActFresh($"{One}/secondary", UserRole.Operator, SecondaryPage.CreateAsync);
        pages.Show($"{One}/new-token", UserRole.Operator, NewTokenPage.ShowAsync);
        pages.Show($"{One}/promote", UserRole.Operator, PromotePage.AskAsync);
        pages.ActFresh($"{One}/promote", UserRole.Operator, PromotePage.PromoteAsync);
        pages.Show($"{One}/delete-secondary", UserRole.Operator, SecondaryPage.AskDeleteAsync);
        pages.ActFresh($"{One}/delete-secondary", UserRole.Operator, SecondaryPage.DeleteAsync);
        pages.Show($"{One}/pause", UserRole.Operator, PausePage.ShowAsync);
        pages.Act($"{One}/pause", UserRole.Operator, PausePage.BeginAsync);
        pages.Act($"{One}/pause/stop", UserRole.Operator, PausePage.StopAsync);
        pages.Act($"{One}/guard", UserRole.Operator, AccountStatusPage.GuardAsync);
    }

    private static void MapStatus(PageRoutes pages)
    {
        pages.Show($"{One}/account", UserRole.Viewer, AccountStatusPage.ShowAsync);
        pages.Act($"{One}/account", UserRole.Administrator, AccountStatusPage.RenameAsync);
        pages.Show($"{One}/suspend", UserRole.Administrator, AccountStatusPage.AskSuspendAsync);
        pages.ActFresh($"{One}/suspend", UserRole.Administrator, AccountStatusPage.SuspendAsync);
        pages.Act($"{One}/activate", UserRole.Administrator, AccountStatusPage.ActivateAsync);
        pages.Show($"{One}/close", UserRole.Administrator, AccountStatusPage.AskCloseAsync);
        pages.ActFresh($"{One}/close", UserRole.Administrator, AccountStatusPage.CloseAsync);
    }
}
