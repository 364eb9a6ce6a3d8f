using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Client;
using Tandem.Server.Reference;
using Tandem.Server.Usage;

namespace Tandem.Server.Api;

/// <summary>
/// <c>/v1/AuthTokens</c>: create, delete and promote the secondary token of the account whose credential is used. Either of its tokens
/// may ask. The statuses are exact, 201, 204 and 200: clients fail on any other.
/// </summary>
internal sealed class AuthTokensApi(Rotation rotation, ReadinessJudge readiness, TandemOptions options)
{
    public async Task CreateSecondaryAsync(HttpContext context)
    {
        var (caller, sid, change) = await ReadAsync(context);
        var outcome = await rotation.CreateSecondaryAsync(caller, sid, change);
        if (!outcome.Is(out var created, out var refusal))
        {
            await TwilioErrors.WriteAsync(context, refusal);
            return;
        }

        context.Features.Set(Committed.Mark);
        using (created)
        {
            var date = TwilioDates.Iso(created.Account.Secondary!.DateCreated);
            var body = new TwilioSecondaryAuthToken
            {
                AccountSid = sid.ToString(),
                DateCreated = date,
                DateUpdated = date,
                SecondaryAuthToken = created.Token.Reveal(),
                Url = PublicAddress.Of(context.Request, options, "/v1/AuthTokens/Secondary"),
            };
            await Answers.WriteAsync(context, StatusCodes.Status201Created, body, TwilioWire.Plain.TwilioSecondaryAuthToken);
        }
    }

    public async Task DeleteSecondaryAsync(HttpContext context)
    {
        var (caller, sid, change) = await ReadAsync(context);
        var outcome = await rotation.DeleteSecondaryAsync(caller, sid, change);
        if (!outcome.Is(out _, out var refusal))
        {
            await TwilioErrors.WriteAsync(context, refusal);
            return;
        }

        context.Features.Set(Committed.Mark);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async Task PromoteAsync(HttpContext context)
    {
        var (caller, sid, change) = await ReadAsync(context);
        var outcome = await rotation.PromoteAsync(caller, sid, change);
        if (!outcome.Is(out var promoted, out var refusal))
        {
            await (refusal == ErrorKind.NotReady
                ? TwilioErrors.WriteAsync(context, TwilioErrors.Conflict(await readiness.ExplainAsync(sid)))
                : TwilioErrors.WriteAsync(context, refusal));
            return;
        }

        context.Features.Set(Committed.Mark);
        using (promoted)
        {
            var body = new TwilioAuthTokenPromotion
            {
                AccountSid = sid.ToString(),
                AuthToken = promoted.Token?.Reveal(),
                DateCreated = TwilioDates.Iso(promoted.Account.Primary!.DateCreated),
                DateUpdated = TwilioDates.Iso(promoted.At),
                Url = PublicAddress.Of(context.Request, options, "/v1/AuthTokens/Promote"),
            };
            await Answers.WriteAsync(context, StatusCodes.Status200OK, body, TwilioWire.Plain.TwilioAuthTokenPromotion);
        }
    }

    private static async Task<(Caller Caller, AccountSid Sid, ChangeContext Change)> ReadAsync(HttpContext context)
    {
        var parameters = await RequestParameters.ReadAsync(context);
        var credential = context.Features.GetRequiredFeature<PresentedCredential>();
        return (Caller.With(credential), credential.Sid, parameters.Describe(context));
    }
}

internal static class AuthTokensRoutes
{
    private static readonly ParameterDescription NoMail =
        new(ParameterPlace.Form, "SuppressEmailNotification", "Twilio's parameter: recorded in the audit entry; no mail is sent anyway.") { Values = ["true", "false"] };

    public static void MapAuthTokens(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var api = new AuthTokensApi(services.GetRequiredService<Rotation>(), services.GetRequiredService<ReadinessJudge>(), services.GetRequiredService<TandemOptions>());
        routes.MapPost("/v1/AuthTokens/Secondary", api.CreateSecondaryAsync)
            .Describe(TwilioRefusals.Chapter, "twilioCreateSecondaryAuthToken", "Create the secondary token of the caller's account")
            .Takes(NoMail).Answers<TwilioSecondaryAuthToken>(StatusCodes.Status201Created)
            .RefusesAsTwilio(mutates: true, TwilioErrors.SecondaryExists);
        routes.MapDelete("/v1/AuthTokens/Secondary", api.DeleteSecondaryAsync)
            .Describe(TwilioRefusals.Chapter, "twilioDeleteSecondaryAuthToken", "Delete the secondary token of the caller's account")
            .Takes(NoMail with { Place = ParameterPlace.Query }).AnswersNothing(StatusCodes.Status204NoContent)
            .RefusesAsTwilio(mutates: true, TwilioRefusals.NotFound);
        routes.MapPost("/v1/AuthTokens/Promote", api.PromoteAsync)
            .Describe(TwilioRefusals.Chapter, "twilioPromoteAuthToken", "Promote the secondary token of the caller's account: the primary is refused at once")
            .Takes(NoMail).Answers<TwilioAuthTokenPromotion>()
            .RefusesAsTwilio(mutates: true, TwilioRefusals.NotFound, TwilioRefusals.Guarded);
    }
}
