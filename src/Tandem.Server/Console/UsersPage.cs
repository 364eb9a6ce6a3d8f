using Microsoft.AspNetCore.Http;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the list of users shows.</summary>
/// <param name="Users">All of them, by name.</param>
public sealed record UsersModel(IReadOnlyList<User> Users) : PageModel("Users");

/// <summary>What the page shows that adds a user.</summary>
/// <param name="Name">What was typed.</param>
/// <param name="Role">What was chosen.</param>
/// <param name="Wrong">What was wrong with the name; null at first.</param>
public sealed record AddUserModel(string Name, UserRole Role, string? Wrong) : PageModel("Add a user")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary>What the page about one user shows.</summary>
/// <param name="User">The user.</param>
/// <param name="Sessions">The sessions that are alive.</param>
public sealed record UserModel(User User, IReadOnlyList<Session> Sessions) : PageModel(User.Name);

/// <summary>What the page shows that hands over an invitation.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Link">The link, shown this once.</param>
/// <param name="Until">When it is no longer taken.</param>
public sealed record InvitationModel(string Name, string Link, DateTimeOffset Until) : PageModel($"A link for {Name}")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;

    /// <summary>Without the link.</summary>
    public override string ToString() => nameof(InvitationModel);
}

/// <summary><c>/users</c>, for administrators.</summary>
internal static class UsersPage
{
    public const string Path = "/users";

    private const UserRole Needed = UserRole.Administrator;

    public static async Task ListAsync(PageRequest page) =>
        await page.ShowAsync(Pages.Users.Create(new(await page.Get<IUserStore>().ListUsersAsync(page.Http.RequestAborted))));

    public static Task ShowAddAsync(PageRequest page) => page.ShowAsync(Pages.AddUser.Create(new("", UserRole.Operator, null)));

    public static async Task AddAsync(PageRequest page)
    {
        var name = User.Normalise(page.Field("name"));
        if (RoleOf(page) is not { } role)
        {
            await page.FailAsync(StatusCodes.Status400BadRequest);
            return;
        }

        if (!User.IsName(name))
        {
            await page.ShowAsync(Pages.AddUser.Create(new(name, role, $"A name has 1 to {User.NameLimit} letters a to z, digits and . _ - @ +, a letter or digit first.")));
            return;
        }

        var (invitation, secret) = Invitations.Create(page.Now);
        var outcome = await page.Get<Users>().AddAsync(page.Caller(Needed), new() { Name = name, Role = role, Invitation = invitation }, page.Context);
        await (outcome.Error == ErrorKind.UserExists
            ? page.ShowAsync(Pages.AddUser.Create(new(name, role, "There is a user of this name already.")))
            : page.AnswerAsync(outcome, user => HandOverAsync(page, user, secret)));
    }

    public static async Task ShowAsync(PageRequest page)
    {
        var store = page.Get<IUserStore>();
        if (await store.FindUserAsync(page.Route("name"), page.Http.RequestAborted) is not { } user)
        {
            await page.FailAsync(StatusCodes.Status404NotFound);
            return;
        }

        var sessions = await store.ListSessionsAsync(user.Id, page.Http.RequestAborted);
        await page.ShowAsync(Pages.OneUser.Create(new(user, [.. sessions.Where(s => s.IsAlive(page.Now))])));
    }

    public static async Task SetRoleAsync(PageRequest page)
    {
        if (RoleOf(page) is not { } role)
        {
            await page.FailAsync(StatusCodes.Status400BadRequest);
            return;
        }

        var outcome = await page.Get<Users>().SetRoleAsync(page.Caller(Needed), page.Route("name"), role, page.Context);
        await page.AnswerAsync(outcome, user => page.GoToAsync(PathOf(user.Name), Note.Done($"{user.Name} is {Users.WithArticle(role)} from now on.")));
    }

    public static async Task InviteAsync(PageRequest page)
    {
        var (invitation, secret) = Invitations.Create(page.Now);
        var outcome = await page.Get<Users>().InviteAsync(page.Caller(Needed), page.Route("name"), invitation, page.Context);
        await page.AnswerAsync(outcome, user => HandOverAsync(page, user, secret));
    }

    public static async Task RemoveFactorAsync(PageRequest page)
    {
        var outcome = await page.Get<Users>().SetFactorAsync(page.Caller(Needed), page.Route("name"), null, page.Context);
        await page.AnswerAsync(outcome, user => page.GoToAsync(PathOf(user.Name), Note.Done($"The second factor of {user.Name} is removed.")));
    }

    public static async Task EndSessionsAsync(PageRequest page)
    {
        var keep = page.SignedIn.Session.Id;
        var outcome = await page.Get<Sessions>().EndOthersAsync(page.Caller(Needed), page.Route("name"), null, keep, page.Context);
        await page.AnswerAsync(outcome, user => page.GoToAsync(PathOf(user.Name), Note.Done($"The sessions of {user.Name} have ended.")));
    }

    public static async Task AskRemoveAsync(PageRequest page)
    {
        if (await page.Get<IUserStore>().FindUserAsync(page.Route("name"), page.Http.RequestAborted) is not { } user)
        {
            await page.FailAsync(StatusCodes.Status404NotFound);
            return;
        }

        await page.ShowAsync(Pages.Confirm.Create(new(
            $"Remove {user.Name}?",
            "The password stops working and every session ends at once. What the audit says of this user stays.",
            "Remove",
            PathOf(user.Name))
        {
            IsDanger = true,
            Command = $"tandem user remove {user.Name}",
        }));
    }

    public static async Task RemoveAsync(PageRequest page)
    {
        var outcome = await page.Get<Users>().RemoveAsync(page.Caller(Needed), page.Route("name"), page.Context);
        await page.AnswerAsync(outcome, user => page.GoToAsync(Path, Note.Done($"{user.Name} is removed.")));
    }

    /// <summary>Where the page about a user is.</summary>
    public static string PathOf(string name) => $"{Path}/{Uri.EscapeDataString(name)}";

    private static Task HandOverAsync(PageRequest page, User user, string secret) => page.ShowAsync(
        Pages.Invitation.Create(new(user.Name, Invitations.LinkOf(page.Origin, secret), user.Invitation!.Until)));

    private static UserRole? RoleOf(PageRequest page) => Users.TryParseRole(page.Field("role"), out var role) ? role : null;
}
