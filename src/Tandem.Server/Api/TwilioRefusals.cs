using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Tandem.Client;
using Tandem.Server.Reference;

namespace Tandem.Server.Api;

/// <summary>Tells the API reference why a path of Twilio's refuses, in the words that its answers use.</summary>
internal static class TwilioRefusals
{
    /// <summary>Where the reference has them.</summary>
    public const string Chapter = "Twilio";

    /// <summary>No such resource, or none that the caller may know of.</summary>
    public static readonly TwilioRefusal NotFound = new(404, 20404, "The requested resource was not found");

    /// <summary>The account's guard is on.</summary>
    public static readonly TwilioRefusal Guarded = TwilioErrors.Conflict("Not promoted: who stands in the way, and how to promote all the same");

    /// <summary>What every path may refuse, and these.</summary>
    public static IEndpointConventionBuilder RefusesAsTwilio(this IEndpointConventionBuilder route, bool mutates, params TwilioRefusal[] refusals)
    {
        TwilioRefusal[] all =
        [
            TwilioErrors.NoCredentials, TwilioErrors.InvalidUserName, TwilioErrors.WrongCredential,
            TwilioErrors.TooManyRequests, TwilioErrors.InternalError, TwilioErrors.Unavailable,
            .. mutates ? [TwilioErrors.Unreadable(400), TwilioErrors.Unreadable(413), Browsers.CrossSite] : (TwilioRefusal[])[],
            .. refusals,
        ];
        return route.Refuses<TwilioError>(
            Answers.Json, all.Select(r => new RefusalDescription(r.Status, r.Code.ToString(CultureInfo.InvariantCulture), r.Message)));
    }
}
