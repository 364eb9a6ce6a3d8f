using Microsoft.AspNetCore.Builder;
using Tandem.Client;
using Tandem.Server.Reference;

namespace Tandem.Server.Api;

/// <summary>Tells the API reference why a route of our own refuses, in the words that its answers use.</summary>
internal static class TandemRefusals
{
    /// <summary>Refusals of the domain.</summary>
    public static IEndpointConventionBuilder Refuses(this IEndpointConventionBuilder route, params ErrorKind[] kinds) =>
        Refuses(route, kinds.Select(TandemProblems.Of));

    /// <summary>What every route may refuse to any caller, for example when the store can neither read nor change anything.</summary>
    public static IEndpointConventionBuilder RefusesTheUnreadable(this IEndpointConventionBuilder route, bool stores) => Refuses(
        route,
        [
            TandemProblems.Invalid("A parameter or the body is not as described here; `detail` says which."),
            TandemProblems.Of(TwilioErrors.InternalError),
            stores ? TandemProblems.Of(ErrorKind.Unavailable) : TandemProblems.Of(TwilioErrors.Unavailable),
        ]);

    /// <summary>The JSON that a route reads; it may be left out when nothing in it is required.</summary>
    public static IEndpointConventionBuilder Reads<T>(this IEndpointConventionBuilder route, bool optional = false) =>
        Refuses(route.Takes<T>(optional), [TandemProblems.Of(TwilioErrors.Unreadable(413))]);

    /// <summary>What the gate in front of every route on the network may refuse.</summary>
    public static IEndpointConventionBuilder RefusesStrangers(this IEndpointConventionBuilder route, bool mutates) => Refuses(
        route,
        [
            TandemProblems.Of(ErrorKind.WrongCredential),
            TandemProblems.Of(TwilioErrors.TooManyRequests),
            .. mutates ? [TandemProblems.Of(Browsers.CrossSite)] : (TandemProblem[])[],
        ]);

    private static IEndpointConventionBuilder Refuses(IEndpointConventionBuilder route, IEnumerable<TandemProblem> problems) =>
        route.Refuses<TandemProblem>(TandemProblems.ContentType, problems.Select(p => new RefusalDescription(p.Status, p.Kind, p.Detail)));
}
