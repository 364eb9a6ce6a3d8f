using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tandem.Client;

namespace Tandem.Cli.Claims;

/// <summary>What a call was answered with; <see cref="Status"/> 0 is no answer: the outcome is unknown.</summary>
internal readonly record struct Answer(int Status, JsonElement Body)
{
    public bool Unknown => Status == 0;

    public string Text(string name) => Body.GetProperty(name).GetString()!;

    public int Code => Body.TryGetProperty("code", out var code) ? code.GetInt32() : 0;
}

/// <summary>Calls Twilio's paths as an account's client does.</summary>
internal sealed class TwilioCaller(HttpClient http)
{
    public Task<Answer> CreateAsync(string sid, string token) => SendAsync(HttpMethod.Post, "/v1/AuthTokens/Secondary", sid, token);

    public Task<Answer> DeleteAsync(string sid, string token) => SendAsync(HttpMethod.Delete, "/v1/AuthTokens/Secondary", sid, token);

    public Task<Answer> PromoteAsync(string sid, string token) => SendAsync(HttpMethod.Post, "/v1/AuthTokens/Promote", sid, token);

    public async Task<int> CheckAsync(string sid, string token) => (await SendAsync(HttpMethod.Get, $"/2010-04-01/Accounts/{sid}.json", sid, token)).Status;

    /// <summary>Asks the check, as a proxy does.</summary>
    public async Task<int> ForwardAsync(string sid, string token) => (await SendAsync(HttpMethod.Get, "/auth/forward", sid, token)).Status;

    public async Task<(string Sid, string Token)> CreateSubaccountAsync(string sid, string token)
    {
        var created = await SendAsync(HttpMethod.Post, "/2010-04-01/Accounts.json", sid, token);
        return created.Status == 201 ? (created.Text("sid"), created.Text("auth_token")) : throw new InvalidOperationException($"A subaccount was refused: {created.Status}.");
    }

    public async Task<List<(string Sid, string Token)>> CreateSubaccountsAsync((string Sid, string Token) parent, int count)
    {
        var accounts = new List<(string, string)>();
        for (var i = 0; i < count; i++)
        {
            accounts.Add(await CreateSubaccountAsync(parent.Sid, parent.Token));
        }

        return accounts;
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string sid, string token, string? form = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{token}")));
        request.Content = form is null ? null : new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded");
        try
        {
            using var response = await http.SendAsync(request);
            var body = await response.Content.ReadAsByteArrayAsync();
            return new((int)response.StatusCode, body.Length == 0 ? default : JsonElement.Parse(body));
        }
        catch (Exception e) when (MissingAnswer.Is(e))
        {
            return default;
        }
    }
}
