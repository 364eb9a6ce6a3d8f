using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Reference;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary>
/// <c>/tandem/v1/audit</c> and <c>/tandem/v1/accounts/{sid}/audit</c>: the newest entries first; those after a number in their order, for
/// whoever follows. <c>/tandem/v1/audit/verification</c>: every link of the trail, computed again.
/// </summary>
internal static class TandemAuditApi
{
    private const int DefaultLimit = 100;
    private const int MostAtOnce = 1000;

    /// <summary>Far below what the store's integers hold, so that no number can make one of them overflow.</summary>
    private const long MostNumber = 999_999_999_999;

    /// <summary>What both take, for the reference.</summary>
    public static readonly ParameterDescription[] Parameters =
    [
        ParameterDescription.Number("limit", 1, MostAtOnce, $"At most so many entries; {DefaultLimit} when left out."),
        ParameterDescription.Number("after", 0, MostNumber, "Only entries with a higher number, the lowest first."),
        ParameterDescription.Number("before", 0, MostNumber, "Only entries with a lower number, the highest first."),
    ];

    public static Task ListAll(HttpContext http) => WriteAsync(http, account: null);

    public static async Task Verify(HttpContext http) => await TandemProblems.WriteAsync(
        http,
        StatusCodes.Status200OK,
        AuditEntries.Describe(await TandemApi.Get<IAuditTrail>(http).VerifyAsync(http.RequestAborted)),
        TandemJson.Default.AuditVerificationInfo);

    public static async Task List(HttpContext http)
    {
        var sid = TandemApi.Sid(http);
        if (await TandemApi.FindAsync(http, sid) is null)
        {
            await TandemProblems.WriteAsync(http, Of(ErrorKind.AccountNotFound));
            return;
        }

        await WriteAsync(http, sid);
    }

    private static async Task WriteAsync(HttpContext http, AccountSid? account)
    {
        var limit = Number(http, "limit") ?? DefaultLimit;
        if (limit is < 1 or > MostAtOnce)
        {
            throw new TandemRefusal(Invalid($"limit is a number from 1 to {MostAtOnce}."));
        }

        var entries = await TandemApi.Get<IAccountStore>(http).ReadAuditAsync(
            new((int)limit, account, Number(http, "after"), Number(http, "before")), http.RequestAborted);
        var list = new AuditList { Entries = [.. entries.Select(AuditEntries.Describe)] };
        await TandemProblems.WriteAsync(http, StatusCodes.Status200OK, list, TandemJson.Default.AuditList);
    }

    private static long? Number(HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostNumber => number,
        _ => throw new TandemRefusal(Invalid($"{name} is a whole number.")),
    };
}
