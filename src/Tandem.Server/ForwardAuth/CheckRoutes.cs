using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Reference;

namespace Tandem.Server.ForwardAuth;

/// <summary>The paths of the check, told to the API reference: nothing is mapped, because <see cref="CredentialCheck"/> answers before routing.</summary>
internal static class CheckRoutes
{
    private const string Chapter = "Check";
    private const string Json = "application/json";

    private static readonly RefusalDescription Throttled = new(StatusCodes.Status429TooManyRequests, "20429", "It is not valid, and too many from this address were not.");
    private static readonly RefusalDescription Unavailable = new(StatusCodes.Status503ServiceUnavailable, "20503", "It could not be checked, which says nothing about it.");

    private static readonly HeaderDescription[] Identity =
    [
        new("X-Account-Sid", "Whose credential it is, in lower case."),
        new("X-Parent-Account-Sid", "The account's parent; `none` when it has none."),
        new("X-Token-Slot", "`primary` or `secondary`: which of the account's tokens."),
    ];

    public static void Describe(UnroutedPaths paths)
    {
        paths.Answered("POST", "/auth/verify")
            .Describe(Chapter, "verify", "Ask about a credential, as an application", "The credential in question stands in `Authorization` or in the body, never in both. The answer is always 200, with a verdict.")
            .Through(Door.Open).Takes<VerifyRequest>(optional: true).Answers<VerifyAnswer>();
        Check(paths, "/auth/nginx", "checkForNginx", "nginx")
            .Refuses(
                new(StatusCodes.Status403Forbidden, "X-Tandem-Reason: throttled", "It is not valid, and too many from this address were not. nginx would make a 500 of any other status."),
                new(StatusCodes.Status403Forbidden, "X-Tandem-Reason: unavailable", "It could not be checked, which says nothing about it."));
        Check(paths, "/auth/forward", "checkForward", "Caddy, Traefik and HAProxy").Refuses<TwilioError>(Json, Throttled, Unavailable);
        Check(paths, "/auth/envoy/{rest}", "checkForEnvoy", "Envoy")
            .Takes(new ParameterDescription(ParameterPlace.Path, "rest", "The path of the request in question, which is ignored. It may hold slashes."))
            .Refuses<TwilioError>(Json, Throttled, Unavailable);
    }

    private static IEndpointConventionBuilder Check(UnroutedPaths paths, string path, string name, string proxy) =>
        paths.Answered("GET", path)
            .Describe(Chapter, name, $"Ask about a request's credential, as a proxy: {proxy}", "Whether the answer is yes depends on `Authorization` alone. Any method is taken.")
            .AnswersNothing(StatusCodes.Status200OK, Identity)
            .Refuses<TwilioError>(Json, new RefusalDescription(StatusCodes.Status401Unauthorized, "20003", "The credential is not valid, whatever the reason."));
}
