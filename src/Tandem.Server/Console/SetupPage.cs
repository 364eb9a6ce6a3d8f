using Microsoft.AspNetCore.Http;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the set-up page and the invitation page show.</summary>
/// <param name="IsSetup">Set-up, where a name is chosen; else an invitation, whose user has one.</param>
/// <param name="Link">The link's secret, once it was sent.</param>
/// <param name="Name">What was typed as the name.</param>
/// <param name="WrongField">The field that something is wrong with; null when nothing is.</param>
/// <param name="Wrong">What is wrong.</param>
public sealed record SetupModel(bool IsSetup, string Link = "", string Name = "", string? WrongField = null, string? Wrong = null)
    : PageModel(IsSetup ? "Set up Tandem" : "Choose a password")
{
    /// <summary>Whether it was done before: there are users.</summary>
    public bool IsDone { get; init; }

    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary><c>/setup</c> and <c>/invitation</c>: one-time links. The secret is in the fragment, and comes in a form.</summary>
internal static class SetupPage
{
    public static async Task ShowAsync(PageRequest page)
    {
        var users = await page.Get<IUserStore>().ListUsersAsync(page.Http.RequestAborted);
        await page.ShowAsync(Pages.Setup.Create(new(IsSetup: true) { IsDone = users.Count > 0 }));
    }

    public static Task ShowInvitationAsync(PageRequest page) => page.ShowAsync(Pages.Setup.Create(new(IsSetup: false)));

    public static async Task CreateFirstAsync(PageRequest page)
    {
        var typed = new SetupModel(IsSetup: true, page.Field("link"), User.Normalise(page.Field("name")));
        var link = page.Get<SetupLink>();
        if (!link.Matches(typed.Link))
        {
            await RefuseAsync(page, typed with { Link = "" }, "link", "This link is not valid any more. On the server’s machine, tandem setup-link prints a new one.");
            return;
        }

        if (!User.IsName(typed.Name))
        {
            await RefuseAsync(page, typed, "name", $"A name has 1 to {User.NameLimit} letters a to z, digits and . _ - @ +, a letter or digit first.");
            return;
        }

        if (WrongPassword(page, typed.Name) is var (field, wrong))
        {
            await RefuseAsync(page, typed, field, wrong);
            return;
        }

        var outcome = await page.Get<Users>().AddFirstAsync(typed.Name, page.Get<Passwords>().Hash(page.Secret("password")), page.Context);
        if (!outcome.Is(out var user, out var refusal))
        {
            await (refusal == ErrorKind.Unavailable ? page.FailAsync(StatusCodes.Status503ServiceUnavailable) : page.GoToAsync("/setup"));
            return;
        }

        link.Close();
        page.Committed();
        await SignInPage.BeginAsync(page, new(user), null, Note.Done($"Tandem is set up, and you are its administrator, {user.Name}."));
    }

    public static async Task AcceptAsync(PageRequest page)
    {
        var (users, typed) = (page.Get<Users>(), new SetupModel(IsSetup: false, page.Field("link")));
        var hash = OneTimeSecret.Hash(typed.Link);
        if (users.Invited(await page.Get<IUserStore>().ListUsersAsync(page.Http.RequestAborted), hash) is not { } invited)
        {
            await RefuseAsync(page, typed with { Link = "" }, "link", "This link is not valid any more. Ask an administrator for a new one.");
            return;
        }

        if (WrongPassword(page, invited.Name) is var (field, wrong))
        {
            await RefuseAsync(page, typed, field, wrong);
            return;
        }

        var outcome = await users.AcceptAsync(hash, page.Get<Passwords>().Hash(page.Secret("password")), page.Context);
        if (!outcome.Is(out var user, out var refusal))
        {
            await (refusal == ErrorKind.Unavailable
                ? page.FailAsync(StatusCodes.Status503ServiceUnavailable)
                : RefuseAsync(page, typed with { Link = "" }, "link", "This link was used meanwhile. Ask an administrator for a new one."));
            return;
        }

        page.Get<SignInDelays>().Forget(user.Name);
        KnownBrowser.Remember(page, user.Name); // the link has shown whose it is, so no stranger's attempts come before the first sign-in
        page.Committed();
        await page.GoToAsync(ConsolePaths.SignIn, Note.Done($"Your password is set. Sign in as {user.Name}."));
    }

    /// <summary>What is wrong with a new password that was typed twice; null when it may be used.</summary>
    public static (string Field, string Wrong)? WrongPassword(PageRequest page, string name)
    {
        var password = page.Secret("password");
        return Passwords.Objection(password, name) is { } objection ? ("password", objection)
            : !string.Equals(password, page.Secret("again"), StringComparison.Ordinal) ? ("again", "This is not the same as above.")
            : null;
    }

    private static Task RefuseAsync(PageRequest page, SetupModel typed, string field, string wrong) =>
        page.ShowAsync(Pages.Setup.Create(typed with { WrongField = field, Wrong = wrong }));
}
