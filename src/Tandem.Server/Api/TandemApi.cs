using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Server.Reference;
using Tandem.Server.Usage;

namespace Tandem.Server.Api;

/// <summary>
/// Our own API. Through the administration socket the caller is an operator and may everything; on the API's listeners the caller has presented a
/// credential, and may do what that account may: to itself and to its subaccounts.
/// </summary>
internal static class TandemApi
{
    /// <summary>Where it lives.</summary>
    public const string Root = "/tandem/v1";

    /// <summary>Maps the routes, each with what the API reference tells of it.</summary>
    public static void MapTandemApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup(Root);
        MapTokens(api);
        MapUsage(api);
        MapRotations(api);
        MapAudit(api);
        MapOperators(api);
        MapPeople(api);
        MapKeys(api);
    }

    /// <summary>Who asks: the credential presented; else an operator, named by the user id that the kernel gives for the socket's peer.</summary>
    public static Caller CallerOf(HttpContext http) =>
        !Rooms.IsAdmin(http) ? Caller.With(http.Features.GetRequiredFeature<PresentedCredential>())
        : Caller.Operator(http.Features.Get<IListenerFeature>()?.PeerUserId is { } uid ? $"uid {uid}" : "uid unknown");

    /// <summary>Where the change came from, for its audit entry.</summary>
    public static ChangeContext Context(HttpContext http) =>
        new(Rooms.IsAdmin(http) ? "admin.sock" : RequestSource.Of(http), http.TraceIdentifier);

    /// <summary>The account, if the caller may know of it: its own, a subaccount of its own, or for an operator any. Null looks the same for all others.</summary>
    public static async Task<Account?> FindAsync(HttpContext http, AccountSid sid)
    {
        var caller = http.Features.Get<PresentedCredential>();
        return await Get<IAccountStore>(http).FindAsync(sid, http.RequestAborted) is { } account
            && (Rooms.IsAdmin(http) || account.Sid == caller?.Sid || account.OwnerSid == caller?.Sid)
            ? account
            : null;
    }

    /// <summary>The same with what was counted and decided about its tokens.</summary>
    public static async Task<AccountMoment?> ReadAsync(HttpContext http)
    {
        var sid = Sid(http);
        return await FindAsync(http, sid) is null ? null : await Get<AccountMoments>(http).ReadAsync(sid, http.RequestAborted);
    }

    /// <summary>A part of the server.</summary>
    public static T Get<T>(HttpContext http)
        where T : notnull => http.RequestServices.GetRequiredService<T>();

    /// <summary>The account named in the path.</summary>
    /// <exception cref="TandemRefusal">It names none.</exception>
    public static AccountSid Sid(HttpContext http) =>
        AccountSid.TryParse((http.Request.RouteValues["sid"] as string).AsSpan(), out var sid) ? sid
            : throw new TandemRefusal(TandemProblems.Invalid("An Account SID is AC and 32 hexadecimal digits."));

    private static void MapTokens(RouteGroupBuilder api)
    {
        const string chapter = "Tokens";
        Map(api, "GET", "/accounts/{sid}/tokens", TandemTokensApi.Show)
            .Describe(chapter, "getTokens", "Look at both tokens", "Fingerprints, ages, last uses; never the tokens.")
            .Answers<AccountTokens>().Refuses(ErrorKind.AccountNotFound);
        Map(api, "POST", "/accounts/{sid}/tokens/secondary", TandemTokensApi.CreateSecondary)
            .Describe(chapter, "createSecondary", "Create the secondary token", "The answer holds the token, this once. Both tokens work from now on.")
            .Answers<SecondaryCreatedInfo>(StatusCodes.Status201Created)
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.SecondaryExists, ErrorKind.AccountClosed);
        Map(api, "DELETE", "/accounts/{sid}/tokens/secondary", TandemTokensApi.DeleteSecondary)
            .Describe(chapter, "deleteSecondary", "Delete the secondary token", "It is refused at once. The primary is not touched.")
            .AnswersNothing(StatusCodes.Status204NoContent)
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.NoSecondary, ErrorKind.AccountClosed);
        Map(api, "POST", "/accounts/{sid}/tokens/promote", TandemTokensApi.Promote)
            .Describe(chapter, "promote", "Promote the secondary token", "It becomes the primary; the primary before it is refused at once, everywhere. This cannot be undone.")
            .Reads<PromoteRequest>(optional: true).Answers<PromotedInfo>()
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.NoSecondary, ErrorKind.AccountClosed, ErrorKind.GenerationChanged, ErrorKind.NotReady);
        Map(api, "POST", "/accounts/{sid}/tokens/pause", TandemTokensApi.Pause)
            .Describe(chapter, "pausePrimary", "Rehearse the promote", "For so many seconds the check refuses the primary, as it will after the promote; every other path goes on accepting it. Ends by itself.")
            .Reads<PauseRequest>().Answers<AccountTokens>()
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.NoSecondary, ErrorKind.AccountClosed);
        Map(api, "DELETE", "/accounts/{sid}/tokens/pause", TandemTokensApi.Resume)
            .Describe(chapter, "resumePrimary", "End the rehearsal before its time")
            .Answers<AccountTokens>().Refuses(ErrorKind.AccountNotFound, ErrorKind.NotPaused, ErrorKind.AccountClosed);
        Map(api, "POST", "/accounts/{sid}/tokens/promote-guard", TandemTokensApi.SetGuard)
            .Describe(chapter, "setPromoteGuard", "Switch the promote guard", "With `enforce`, a promote on any path is refused while not everyone is seen to have moved, unless it is forced.")
            .Reads<PromoteGuardRequest>().Answers<AccountTokens>()
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.AccountClosed);
    }

    private static void MapUsage(RouteGroupBuilder api)
    {
        const string chapter = "Consumers";
        Map(api, "GET", "/accounts/{sid}/readiness", TandemConsumersApi.ShowReadiness)
            .Describe(chapter, "getReadiness", "May the secondary be promoted now?", "Three states and never two: silence is no evidence.")
            .Answers<ReadinessInfo>().Refuses(ErrorKind.AccountNotFound);
        Map(api, "GET", "/accounts/{sid}/consumers", TandemConsumersApi.List)
            .Describe(chapter, "getConsumers", "Who uses which token", "Those who stand in the way of a promote come first.")
            .Takes(ListPage.Parameters).Answers<ConsumerList>().Refuses(ErrorKind.AccountNotFound);
        Map(api, "POST", "/accounts/{sid}/consumers/{id}", TandemConsumersApi.Decide)
            .Describe(chapter, "decideAboutConsumer", "Name a consumer, say how often it is expected, mark it gone", "Decisions are kept in the audit: a verdict rests on them.")
            .Takes(TandemConsumersApi.Id).Reads<ConsumerDecisionRequest>().Answers<ConsumerDecisionInfo>()
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.LimitReached);
        Map(api, "GET", "/accounts/{sid}/usage", TandemUsageApi.Show)
            .Describe(chapter, "getUsage", "How much each token is used", "By minute, hour and day, with the gaps of the counting.")
            .Answers<AccountUsageInfo>().Refuses(ErrorKind.AccountNotFound);
        Map(api, "GET", "/accounts/{sid}/late-use", TandemUsageApi.ShowLate)
            .Describe(chapter, "getLateUse", "Who still calls with a retired token", "Their calls are refused like any wrong token's.")
            .Takes(ListPage.Parameters).Answers<LateUseList>().Refuses(ErrorKind.AccountNotFound);
    }

    private static void MapRotations(RouteGroupBuilder api)
    {
        const string chapter = "Rotations";
        Map(api, "GET", "/accounts/{sid}/rotation", TandemRotationsApi.Show)
            .Describe(chapter, "getRotation", "Look at the account's rotation", "The last one that `tandem rotate` has told of, whether it runs or is over.")
            .Answers<RotationInfo>().Refuses(ErrorKind.AccountNotFound, ErrorKind.NoRotation);
        Map(api, "PUT", "/accounts/{sid}/rotation", TandemRotationsApi.Tell, stores: false)
            .Describe(chapter, "tellRotation", "Tell how a rotation stands", "One at a time: while another one runs it is refused. It decides nothing: no change of a token looks at it.")
            .Reads<RotationUpdate>().Answers<RotationInfo>()
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.RotationRunning, ErrorKind.LimitReached);
        Map(api, "DELETE", "/accounts/{sid}/rotation", TandemRotationsApi.Forget, stores: false)
            .Describe(chapter, "forgetRotation", "Forget the account's rotation", "For one whose machine is gone. Nothing else is changed.")
            .AnswersNothing(StatusCodes.Status204NoContent).Refuses(ErrorKind.AccountNotFound, ErrorKind.NoRotation);
    }

    private static void MapAudit(RouteGroupBuilder api)
    {
        const string chapter = "Audit";
        Map(api, "GET", "/accounts/{sid}/audit", TandemAuditApi.List)
            .Describe(chapter, "getAudit", "What was done to the account", "The newest entries first; with `after`, those that follow it, in their order.")
            .Takes(TandemAuditApi.Parameters).Answers<AuditList>().Refuses(ErrorKind.AccountNotFound);
        MapLocal(api, "GET", "/audit", TandemAuditApi.ListAll)
            .Describe(chapter, "getAuditOfAll", "What was done to all accounts")
            .Takes(TandemAuditApi.Parameters).Answers<AuditList>();
        MapLocal(api, "GET", "/audit/verification", TandemAuditApi.Verify)
            .Describe(chapter, "verifyAudit", "Compute every link of the trail again", "Names the first entry that was altered or is missing.")
            .Answers<AuditVerificationInfo>();
    }

    private static void MapOperators(RouteGroupBuilder api)
    {
        const string chapter = "Accounts";
        MapLocal(api, "GET", "/server", TandemServerApi.Show)
            .Describe(chapter, "getServer", "Look at the server").Answers<ServerInfo>();
        MapLocal(api, "GET", "/accounts", TandemAccountsApi.List)
            .Describe(chapter, "listAccounts", "List all accounts, the newest first")
            .Takes(TandemAccountsApi.Parameters).Answers<AccountList>();
        MapLocal(api, "POST", "/accounts", TandemAccountsApi.Create)
            .Describe(chapter, "createAccount", "Create an account", "The answer holds its token, this once.")
            .Reads<AccountCreateRequest>(optional: true).Answers<AccountCreatedInfo>(StatusCodes.Status201Created)
            .Refuses(ErrorKind.AccountNotFound, ErrorKind.AccountClosed, ErrorKind.NotPermitted, ErrorKind.TooManySubaccounts);
        MapLocal(api, "GET", "/accounts/{sid}", TandemAccountsApi.Show)
            .Describe(chapter, "getAccount", "Look at an account").Answers<AccountInfo>().Refuses(ErrorKind.AccountNotFound);
        MapLocal(api, "POST", "/accounts/{sid}", TandemAccountsApi.Update)
            .Describe(chapter, "updateAccount", "Change an account's name, status or both", "Closing is final: both tokens are erased.")
            .Reads<AccountUpdateRequest>().Answers<AccountInfo>().Refuses(ErrorKind.AccountNotFound, ErrorKind.AccountClosed);
    }

    private static void MapPeople(RouteGroupBuilder api)
    {
        const string chapter = "Console users";
        MapLocal(api, "POST", "/setup-link", TandemUsersApi.CreateSetupLink, stores: false)
            .Describe(chapter, "createSetupLink", "Make a new set-up link", "For the first administrator, once; a link from before ends. Only while there is no user.")
            .Answers<SetupLinkInfo>(StatusCodes.Status201Created).Refuses(ErrorKind.UserExists);
        MapLocal(api, "GET", "/users", TandemUsersApi.List)
            .Describe(chapter, "listUsers", "List the users").Takes(ListPage.Parameters).Answers<UserList>();
        MapLocal(api, "POST", "/users", TandemUsersApi.Add)
            .Describe(chapter, "addUser", "Add a user", "Without a password the answer holds a link by which the user sets one.")
            .Reads<UserAddRequest>().Answers<UserInfo>(StatusCodes.Status201Created).Refuses(ErrorKind.UserExists);
        MapLocal(api, "POST", "/users/{name}/password", TandemUsersApi.SetPassword)
            .Describe(chapter, "setUserPassword", "Set a user's password", "Without one the answer holds a link by which the user sets it.")
            .Takes(TandemUsersApi.NameInPath).Reads<UserPasswordRequest>(optional: true).Answers<UserInfo>().Refuses(ErrorKind.UserNotFound);
        MapLocal(api, "POST", "/users/{name}/role", TandemUsersApi.SetRole)
            .Describe(chapter, "setUserRole", "Change a user's role")
            .Takes(TandemUsersApi.NameInPath).Reads<UserRoleRequest>().Answers<UserInfo>().Refuses(ErrorKind.UserNotFound, ErrorKind.LastAdministrator);
        MapLocal(api, "DELETE", "/users/{name}", TandemUsersApi.Remove)
            .Describe(chapter, "removeUser", "Remove a user", "Every session of theirs ends.")
            .Takes(TandemUsersApi.NameInPath).Answers<UserInfo>().Refuses(ErrorKind.UserNotFound, ErrorKind.LastAdministrator);
    }

    private static void MapKeys(RouteGroupBuilder api)
    {
        const string chapter = "Keys";
        MapLocal(api, "GET", "/keys", TandemKeysApi.Show)
            .Describe(chapter, "getKeys", "Look at the keys", "Which there are, and what rests on the older ones. Never a key.").Answers<KeysInfo>();
        MapLocal(api, "POST", "/keys/rotate", TandemKeysApi.Rotate)
            .Describe(chapter, "rotateKeys", "Change the root key", "Every data key is wrapped anew in one transaction; no token changes.")
            .Reads<KeyRotateRequest>(optional: true).Answers<KeysRotatedInfo>();
        MapLocal(api, "POST", "/backup", TandemBackupApi.Make)
            .Describe("Backup", "makeBackup", "Make a backup", "The database as it is at the end, as a SQLite file, or that encrypted in the format of age. The root key is not in it.")
            .Reads<BackupRequest>(optional: true)
            .AnswersNothing(StatusCodes.Status200OK, new HeaderDescription(TandemBackupApi.RecipientsHeader, "To how many keys it is encrypted."));
    }

    /// <summary>For operators alone: on other listeners the path is not there.</summary>
    private static IEndpointConventionBuilder MapLocal(RouteGroupBuilder api, string method, string path, RequestDelegate handler, bool stores = true) =>
        MapOne(api, method, path, http => Rooms.IsAdmin(http) ? handler(http) : Rooms.WriteAsync(http, TwilioErrors.NotFound(http)), stores)
            .Through(Door.Socket);

    private static IEndpointConventionBuilder Map(RouteGroupBuilder api, string method, string path, RequestDelegate handler, bool stores = true) =>
        MapOne(api, method, path, handler, stores).RefusesStrangers(mutates: !HttpMethods.IsGet(method));

    private static IEndpointConventionBuilder MapOne(RouteGroupBuilder api, string method, string path, RequestDelegate handler, bool stores)
    {
        var route = api.MapMethods(path, [method], async http =>
        {
            try
            {
                await handler(http);
            }
            catch (TandemRefusal refusal)
            {
                await TandemProblems.WriteAsync(http, refusal.Problem);
            }
        });
        route.RefusesTheUnreadable(stores: stores && !HttpMethods.IsGet(method));
        return path.Contains("{sid}", StringComparison.Ordinal) ? route.Takes(ParameterDescription.Sid("The account.")) : route;
    }
}
