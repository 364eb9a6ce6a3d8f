using Microsoft.AspNetCore.Http;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the page about oneself shows.</summary>
/// <param name="User">Oneself.</param>
/// <param name="Sessions">The sessions that are alive, the newest first.</param>
/// <param name="ThisSession">The id of the one that looks at the page.</param>
public sealed record MeModel(User User, IReadOnlyList<Session> Sessions, string ThisSession) : PageModel("My account");

/// <summary>What the page for a new password shows.</summary>
/// <param name="WrongField">The field that something is wrong with; null when nothing is.</param>
/// <param name="Wrong">What is wrong.</param>
public sealed record PasswordModel(string? WrongField = null, string? Wrong = null) : PageModel("Change your password")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary><c>/me</c>: password and sessions of whoever looks.</summary>
internal static class MePage
{
    public const string Path = "/me";

    public static async Task ShowAsync(PageRequest page)
    {
        var (session, user) = (page.SignedIn.Session, page.SignedIn.User);
        var sessions = await page.Get<IUserStore>().ListSessionsAsync(user.Id, page.Http.RequestAborted);
        await page.ShowAsync(Pages.Me.Create(new(user, [.. sessions.Where(s => s.IsAlive(page.Now))], session.Id)));
    }

    public static Task ShowPasswordAsync(PageRequest page) => page.ShowAsync(Pages.Password.Create(new()));

    /// <summary>Asks for the present password in the same form, and so needs no other proof.</summary>
    public static async Task SetPasswordAsync(PageRequest page)
    {
        var user = page.SignedIn.User;
        var result = await page.Get<SignIn>().ProveAsync(
            KnownBrowser.Attempt(page, user.Name), page.Secret("present"), "", page.Context, page.Http.RequestAborted);
        if (result.State is not (ProofState.Proved or ProofState.CodeNeeded))
        {
            await page.ShowAsync(Pages.Password.Create(new("present", SignInPage.Explain(page, result, "This is not your password."))), SignInPage.StatusOf(result));
            return;
        }

        if (SetupPage.WrongPassword(page, user.Name) is var (field, wrong))
        {
            await page.ShowAsync(Pages.Password.Create(new(field, wrong)));
            return;
        }

        var hash = page.Get<Passwords>().Hash(page.Secret("password"));
        var outcome = await page.Get<Users>().SetPasswordAsync(page.Caller(UserRole.Viewer), user.Name, hash, page.SignedIn.Session.Id, page.Context);
        await page.AnswerAsync(outcome, _ => page.GoToAsync(Path, Note.Done("Your password is changed. Every other session of yours has ended.")));
    }

    /// <summary>Ends one other session, or with no id all others.</summary>
    public static async Task EndSessionsAsync(PageRequest page)
    {
        var (me, only) = (page.SignedIn, page.Field("session"));
        if (only.Length > 0 && !(only.Length == me.Session.Id.Length && only.All(char.IsAsciiHexDigitLower)))
        {
            await page.FailAsync(StatusCodes.Status400BadRequest);
            return;
        }

        var outcome = await page.Get<Sessions>().EndOthersAsync(
            page.Caller(UserRole.Viewer), me.User.Name, only.Length > 0 ? only : null, me.Session.Id, page.Context);
        await page.AnswerAsync(outcome, _ => page.GoToAsync(Path, Note.Done(only.Length > 0 ? "That session has ended." : "Every other session of yours has ended.")));
    }
}
