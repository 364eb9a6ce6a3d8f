using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Reference;
using Tandem.Server.Usage;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/accounts/{sid}/consumers</c> and <c>readiness</c>: who uses which token, and may the secondary be promoted now?</summary>
internal static class TandemConsumersApi
{
    /// <summary>A consumer in the path, for the reference.</summary>
    public static readonly ParameterDescription Id =
        new(ParameterPlace.Path, "id", "The consumer's id, from the list. One that was never seen may be decided about as well.") { Pattern = "^[0-9a-f]{16}$" };

    public static async Task List(HttpContext http)
    {
        if (await TandemApi.ReadAsync(http) is not { } moment)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
            return;
        }

        var (consumers, next) = ListPage.Of(http, Judge(http, moment).Consumers);
        var list = new ConsumerList
        {
            AccountSid = moment.Account.Sid.ToString(),
            Generation = moment.Account.Generation,
            At = TandemUsageApi.Time(moment.Report.At),
            Consumers = [.. consumers.Select(c => Describe(c, moment.Decisions))],
            NextAfter = next,
        };
        await WriteAsync(http, StatusCodes.Status200OK, list, TandemJson.Default.ConsumerList);
    }

    public static async Task ShowReadiness(HttpContext http)
    {
        if (await TandemApi.ReadAsync(http) is not { } moment)
        {
            await WriteAsync(http, Of(ErrorKind.AccountNotFound));
            return;
        }

        var (account, verdict) = (moment.Account, Judge(http, moment));
        var readiness = new ReadinessInfo
        {
            AccountSid = account.Sid.ToString(),
            Generation = account.Generation,
            At = TandemUsageApi.Time(moment.Report.At),
            State = WireName.Of(verdict.State),
            Reason = verdict.Reason == ReadinessReason.None ? null : WireName.Of(verdict.Reason),
            Until = verdict.Until is { } until ? TandemUsageApi.Time(until) : null,
            QuietSeconds = (uint)TandemApi.Get<TandemOptions>(http).QuietTime.TotalSeconds,
            Primary = account.Primary?.Fingerprint.ToString(),
            Secondary = account.Secondary?.Fingerprint.ToString(),
            PromoteGuard = account.PromoteGuard.Name(),
            Consumers = [.. verdict.Consumers.Select(c => Describe(c, moment.Decisions))],
        };
        await WriteAsync(http, StatusCodes.Status200OK, readiness, TandemJson.Default.ReadinessInfo);
    }

    public static async Task Decide(HttpContext http)
    {
        var sid = TandemApi.Sid(http);
        var id = (string)http.Request.RouteValues["id"]!;
        if (!ConsumerKey.IsId(id))
        {
            throw new TandemRefusal(Invalid($"A consumer's id is {ConsumerKey.IdLength} hexadecimal digits in lower case."));
        }

        var asked = await ReadAsync(http, TandemJson.Default.ConsumerDecisionRequest);
        if (asked is { Name: null, ExpectedEvery: null, Gone: null })
        {
            throw new TandemRefusal(Invalid("Give name, expected_every, gone, or several of them."));
        }

        if (asked.Name is { Length: > 0 } name && !Account.IsFriendlyName(name))
        {
            throw new TandemRefusal(Invalid($"name has at most {Account.FriendlyNameLimit} characters, {VisibleText.Rule}."));
        }

        if (asked.ExpectedEvery > ConsumerDecisions.EveryLimit)
        {
            throw new TandemRefusal(Invalid($"expected_every is a number of seconds, {ConsumerDecisions.EveryLimit} at most; 0 to go by the calls."));
        }

        var outcome = await TandemApi.Get<ConsumerDecisions>(http).DecideAsync(
            TandemApi.CallerOf(http), sid, id, new(asked.Name, asked.ExpectedEvery, asked.Gone), TandemApi.Context(http));
        if (!outcome.Is(out var decision, out var error))
        {
            await WriteAsync(http, Of(error));
            return;
        }

        http.Features.Set(Committed.Mark);
        var decided = new ConsumerDecisionInfo
        {
            AccountSid = sid.ToString(),
            Id = id,
            Name = decision.Name,
            ExpectedEvery = decision.Every,
            GoneSince = decision.GoneSince is { } since ? TandemUsageApi.Time(since) : null,
        };
        await WriteAsync(http, StatusCodes.Status200OK, decided, TandemJson.Default.ConsumerDecisionInfo);
    }

    /// <summary>Who it is.</summary>
    internal static ConsumerIdentity Identify(ConsumerKey key, IReadOnlyDictionary<string, ConsumerDecision> decisions) => new()
    {
        Id = key.Id,
        Name = decisions.GetValueOrDefault(key.Id)?.Name,
        Label = key.ToString(),
        Route = NullIfEmpty(key.Route),
        Network = NullIfEmpty(key.Network.ToString()),
        Client = key.Client.Name(),
        ClientName = NullIfEmpty(key.Name),
    };

    private static ConsumerInfo Describe(ConsumerVerdict verdict, IReadOnlyDictionary<string, ConsumerDecision> decisions)
    {
        var who = Identify(verdict.Use.Key, decisions);
        return new()
        {
            Id = who.Id,
            Name = who.Name,
            Label = who.Label,
            Route = who.Route,
            Network = who.Network,
            Client = who.Client,
            ClientName = who.ClientName,
            Standing = WireName.Of(verdict.Standing),
            Primary = verdict.Use.Primary is { } primary ? TandemUsageApi.Describe(primary) : null,
            Secondary = verdict.Use.Secondary is { } secondary ? TandemUsageApi.Describe(secondary) : null,
            BrokeAt = verdict.Use.BrokeAt == 0 ? null : TandemUsageApi.Time(verdict.Use.BrokeAt),
            RhythmSeconds = verdict.Rhythm?.Every,
            ExpectedEvery = verdict.Decision?.Every,
            ExpectedAt = verdict.Expected is { } expected ? TandemUsageApi.Time(expected) : null,
            GoneSince = verdict.Decision?.GoneSince is { } gone ? TandemUsageApi.Time(gone) : null,
        };
    }

    private static Readiness Judge(HttpContext http, AccountMoment moment) =>
        TandemApi.Get<ReadinessJudge>(http).Judge(moment);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
