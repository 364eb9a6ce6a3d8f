using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.People;
using Tandem.Server.Reference;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/users</c> and <c>/tandem/v1/setup-link</c>: for operators on the administration socket.</summary>
internal static class TandemUsersApi
{
    public static readonly ParameterDescription NameInPath = new(ParameterPlace.Path, "name", "The user's name.");

    public static async Task CreateSetupLink(HttpContext http)
    {
        var link = await RunningServer.CreateSetupLinkAsync(http.RequestServices);
        await (link is null
            ? TandemProblems.WriteAsync(http, Of(409, "user_exists", "There is a user already, so there is no set-up link."))
            : TandemProblems.WriteAsync(http, StatusCodes.Status201Created, link, TandemJson.Default.SetupLinkInfo));
    }

    public static async Task List(HttpContext http)
    {
        var (users, next) = ListPage.Of(http, await TandemApi.Get<IUserStore>(http).ListUsersAsync(http.RequestAborted));
        var list = new UserList { Users = [.. users.Select(u => Describe(http, u))], NextAfter = next };
        await TandemProblems.WriteAsync(http, StatusCodes.Status200OK, list, TandemJson.Default.UserList);
    }

    public static async Task Add(HttpContext http)
    {
        var asked = await ReadAsync(http, TandemJson.Default.UserAddRequest);
        var name = User.Normalise(asked.Name ?? "");
        if (!User.IsName(name))
        {
            throw new TandemRefusal(Invalid($"name has 1 to {User.NameLimit} letters a to z, digits and . _ - @ +, a letter or digit first."));
        }

        var user = new User { Name = name, Role = RoleOf(asked.Role) };
        string? secret = null;
        if (asked.Password is { } password)
        {
            user = user with { PasswordHash = Hash(http, password, name) };
        }
        else
        {
            (var invitation, secret) = Invitations.Create(TandemApi.Get<TimeProvider>(http).GetUtcNow());
            user = user with { Invitation = invitation };
        }

        var outcome = await TandemApi.Get<Users>(http).AddAsync(TandemApi.CallerOf(http), user, TandemApi.Context(http));
        await AnswerAsync(http, outcome, StatusCodes.Status201Created, secret);
    }

    public static async Task SetPassword(HttpContext http)
    {
        var asked = await ReadAsync(http, TandemJson.Default.UserPasswordRequest);
        var (users, name, caller, context) = (TandemApi.Get<Users>(http), Name(http), TandemApi.CallerOf(http), TandemApi.Context(http));
        var hash = asked.Password is { } password ? Hash(http, password, name) : null;
        Outcome<User> outcome;
        string? secret = null;
        if (hash is not null)
        {
            outcome = await users.SetPasswordAsync(caller, name, hash, keep: null, context, asked.RemoveSecondFactor);
        }
        else
        {
            (var invitation, secret) = Invitations.Create(TandemApi.Get<TimeProvider>(http).GetUtcNow());
            outcome = await users.InviteAsync(caller, name, invitation, context, asked.RemoveSecondFactor);
        }

        TandemApi.Get<SignInDelays>(http).Forget(name);
        await AnswerAsync(http, outcome, StatusCodes.Status200OK, secret);
    }

    public static async Task SetRole(HttpContext http)
    {
        var asked = await ReadAsync(http, TandemJson.Default.UserRoleRequest);
        var outcome = await TandemApi.Get<Users>(http).SetRoleAsync(TandemApi.CallerOf(http), Name(http), RoleOf(asked.Role), TandemApi.Context(http));
        await AnswerAsync(http, outcome, StatusCodes.Status200OK);
    }

    public static async Task Remove(HttpContext http)
    {
        var outcome = await TandemApi.Get<Users>(http).RemoveAsync(TandemApi.CallerOf(http), Name(http), TandemApi.Context(http));
        await AnswerAsync(http, outcome, StatusCodes.Status200OK);
    }

    private static async Task AnswerAsync(HttpContext http, Outcome<User> outcome, int status, string? secret = null)
    {
        if (!outcome.Is(out var user, out var error))
        {
            await TandemProblems.WriteAsync(http, Of(error));
            return;
        }

        http.Features.Set(Committed.Mark);
        var info = Describe(http, user) with
        {
            InvitationUrl = secret is null ? null : Invitations.LinkOf(RunningServer.Origin(http.RequestServices), secret),
        };
        await TandemProblems.WriteAsync(http, status, info, TandemJson.Default.UserInfo);
    }

    private static string Name(HttpContext http) => User.Normalise(http.Request.RouteValues["name"] as string ?? "");

    private static string Hash(HttpContext http, string password, string name) => Passwords.Objection(password, name) is { } objection
        ? throw new TandemRefusal(Invalid(objection))
        : TandemApi.Get<Passwords>(http).Hash(password);

    private static UserRole RoleOf(string? name) => Users.TryParseRole(name ?? "", out var role) ? role
        : throw new TandemRefusal(Invalid("role is viewer, operator or administrator."));

    private static UserInfo Describe(HttpContext http, User user) => new()
    {
        Name = user.Name,
        Role = Users.NameOf(user.Role),
        HasPassword = user.PasswordHash.Length > 0,
        HasSecondFactor = user.Factor is not null,
        DateCreated = user.DateCreated,
        LastSignIn = user.LastSignIn,
        InvitationUntil = user.Invitation is { } open && open.IsOpen(TandemApi.Get<TimeProvider>(http).GetUtcNow()) ? open.Until : null,
    };
}
