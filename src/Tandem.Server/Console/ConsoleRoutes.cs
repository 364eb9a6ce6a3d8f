using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Console;

/// <summary>The console: pages for people, on the API's listeners alone.</summary>
internal static class ConsoleRoutes
{
    /// <summary>The navigation. A page that is to be in it is added here.</summary>
    private static readonly NavEntry[] Nav = [new(ConsolePaths.Accounts, "Accounts"), new(RotationsPage.Path, "Rotations"), new("/audit", "Audit"), new(SettingsPage.Path, "Settings"), new(UsersPage.Path, "Users", UserRole.Administrator)];

    /// <summary>What a role sees of the navigation; nothing for nobody.</summary>
    public static IReadOnlyList<NavEntry> NavOf(UserRole? role) => [.. Nav.Where(entry => role >= entry.Role)];

    /// <summary>Maps every page.</summary>
    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        ConsoleAsset.Map(routes);
        var pages = new PageRoutes(routes);
        MapSignIn(pages);
        MapMe(pages);
        MapUsers(pages);
        AccountRoutes.Map(pages);
        MapRotations(pages);
        pages.Show("/audit", UserRole.Viewer, AuditPage.ListAsync);
        pages.Show("/audit/{number}", UserRole.Viewer, AuditPage.ShowAsync);
        pages.Show("/audit/export.jsonl", UserRole.Viewer, AuditExport.WriteLinesAsync);
        pages.Show("/audit/export.csv", UserRole.Viewer, AuditExport.WriteTableAsync);
        pages.Show(SettingsPage.Path, UserRole.Viewer, SettingsPage.ShowAsync);
        pages.ActFresh("/settings/backup", UserRole.Administrator, SettingsPage.BackUpAsync);
    }

    private static void MapRotations(PageRoutes pages)
    {
        pages.Show(RotationsPage.Path, UserRole.Viewer, RotationsPage.ListAsync);
        pages.Show($"{RotationsPage.Path}/live", UserRole.Viewer, LiveStream.ShowRotationsAsync);
        pages.Show($"{RotationsPage.Path}/{{sid}}", UserRole.Viewer, RotationsPage.ShowAsync);
        pages.Show($"{RotationsPage.Path}/{{sid}}/live", UserRole.Viewer, LiveStream.ShowRotationAsync);
    }

    private static void MapSignIn(PageRoutes pages)
    {
        pages.Open(ConsolePaths.Home, page => page.GoToAsync(ConsolePaths.Accounts));
        pages.Open(ConsolePaths.SignIn, SignInPage.ShowAsync);
        pages.OpenForm(ConsolePaths.SignIn, SignInPage.SignInAsync);
        pages.OpenForm("/sign-in/code", SignInPage.SignInWithCodeAsync);
        pages.Act("/sign-out", UserRole.Viewer, SignInPage.SignOutAsync);
        pages.Open("/setup", SetupPage.ShowAsync);
        pages.OpenForm("/setup", SetupPage.CreateFirstAsync);
        pages.Open("/invitation", SetupPage.ShowInvitationAsync);
        pages.OpenForm("/invitation", SetupPage.AcceptAsync);
    }

    private static void MapMe(PageRoutes pages)
    {
        pages.Show(MePage.Path, UserRole.Viewer, MePage.ShowAsync);
        pages.Show("/me/password", UserRole.Viewer, MePage.ShowPasswordAsync);
        pages.Act("/me/password", UserRole.Viewer, MePage.SetPasswordAsync);
        pages.Act("/me/sessions/end", UserRole.Viewer, MePage.EndSessionsAsync);
        pages.ActFresh(SecondFactorPage.Path, UserRole.Viewer, SecondFactorPage.BeginAsync);
        pages.ActFresh("/me/second-factor/confirm", UserRole.Viewer, SecondFactorPage.ConfirmAsync);
        pages.ActFresh("/me/second-factor/remove", UserRole.Viewer, SecondFactorPage.RemoveAsync);
        pages.ActFresh("/me/second-factor/codes", UserRole.Viewer, SecondFactorPage.RenewCodesAsync);
    }

    private static void MapUsers(PageRoutes pages)
    {
        pages.Show(UsersPage.Path, UserRole.Administrator, UsersPage.ListAsync);
        pages.Show("/users/_new", UserRole.Administrator, UsersPage.ShowAddAsync);
        pages.ActFresh("/users/_new", UserRole.Administrator, UsersPage.AddAsync);
        pages.Show("/users/{name}", UserRole.Administrator, UsersPage.ShowAsync);
        pages.ActFresh("/users/{name}/role", UserRole.Administrator, UsersPage.SetRoleAsync);
        pages.ActFresh("/users/{name}/invitation", UserRole.Administrator, UsersPage.InviteAsync);
        pages.ActFresh("/users/{name}/second-factor/remove", UserRole.Administrator, UsersPage.RemoveFactorAsync);
        pages.ActFresh("/users/{name}/sessions/end", UserRole.Administrator, UsersPage.EndSessionsAsync);
        pages.Show("/users/{name}/remove", UserRole.Administrator, UsersPage.AskRemoveAsync);
        pages.ActFresh("/users/{name}/remove", UserRole.Administrator, UsersPage.RemoveAsync);
    }

    /// <summary>Registers the console's parts.</summary>
    public static void AddConsole(this IServiceCollection services) => services.AddSingleton<Handovers>();
}
