using Microsoft.AspNetCore.Http;
using Tandem.Client;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/server</c>.</summary>
internal static class TandemServerApi
{
    public static Task Show(HttpContext http) =>
        TandemProblems.WriteAsync(http, StatusCodes.Status200OK, RunningServer.Describe(http.RequestServices), TandemJson.Default.ServerInfo);
}
