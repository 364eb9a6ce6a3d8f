using Microsoft.AspNetCore.Http;
using Tandem.Client;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/keys</c>: which there are, and another root key in the place of this one.</summary>
internal static class TandemKeysApi
{
    public static async Task Show(HttpContext http) => await TandemProblems.WriteAsync(
        http, StatusCodes.Status200OK, await TandemApi.Get<KeyChange>(http).ReadAsync(http.RequestAborted), TandemJson.Default.KeysInfo);

    public static async Task Rotate(HttpContext http)
    {
        var request = await TandemProblems.ReadAsync(http, TandemJson.Default.KeyRotateRequest);
        if (request.RootKeyFile is { } file && !Path.IsPathFullyQualified(file))
        {
            throw new TandemRefusal(TandemProblems.Invalid("root_key_file is an absolute path."));
        }

        try
        {
            var outcome = await TandemApi.Get<KeyChange>(http).RotateAsync(
                TandemApi.CallerOf(http), request.RootKeyFile, TandemApi.Context(http), committed: () => http.Features.Set(Committed.Mark));
            await (outcome.Is(out var rotated, out var refusal)
                ? TandemProblems.WriteAsync(http, StatusCodes.Status200OK, rotated, TandemJson.Default.KeysRotatedInfo)
                : TandemProblems.WriteAsync(http, TandemProblems.Of(refusal)));
        }
        catch (StartException e)
        {
            // In the words of a start, of which this is none; that nothing was changed every refusal of this kind says.
            throw new TandemRefusal(TandemProblems.Invalid(e.Message
                .Replace(" The server did not start.", "", StringComparison.Ordinal)
                .Replace(" Nothing was changed.", "", StringComparison.Ordinal)));
        }
    }
}
