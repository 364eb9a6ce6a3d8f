using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tandem.Client;

/// <summary>An Account SID and a token, for one call.</summary>
/// <param name="Sid">The account.</param>
/// <param name="Token">Either of its tokens.</param>
public sealed record TwilioCredential(string Sid, string Token)
{
    /// <summary>The value of an <c>Authorization</c> header.</summary>
    public AuthenticationHeaderValue Basic => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Sid}:{Token}")));

    /// <summary>The SID; never the token.</summary>
    public override string ToString() => Sid;
}

/// <summary>
/// Asks Twilio, or a server that speaks as Twilio does, about an account's tokens. Each method throws <see cref="TwilioException"/> for a refusal,
/// and nothing is ever sent twice: a change whose answer was lost is the caller's to look into.
/// </summary>
public sealed class TwilioClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly TwilioAddresses _addresses;

    /// <summary>A client for these addresses.</summary>
    /// <param name="addresses">Where to ask.</param>
    /// <param name="handler">What carries the requests; null for <see cref="CreateHandler"/>. It is disposed with the client.</param>
    public TwilioClient(TwilioAddresses addresses, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        _addresses = addresses;
        _http = new(handler ?? CreateHandler(addresses.Accounts)) { Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>
    /// A handler that never sends a request again by itself: the framework does so when a kept connection turns out to be closed, and a create
    /// that was sent twice is refused the second time. So each request has a connection of its own. Proxies of the environment are used, except for loopback.
    /// </summary>
    public static SocketsHttpHandler CreateHandler(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return new()
        {
            AllowAutoRedirect = false,
            UseProxy = !address.IsLoopback,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>Creates the secondary token; the answer holds it, this once.</summary>
    public Task<TwilioSecondaryAuthToken> CreateSecondaryAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, new(_addresses.Accounts, "/v1/AuthTokens/Secondary"), credential, TwilioWire.Plain.TwilioSecondaryAuthToken, cancel);

    /// <summary>Deletes the secondary token.</summary>
    public Task DeleteSecondaryAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Delete, new(_addresses.Accounts, "/v1/AuthTokens/Secondary"), credential, null, cancel);

    /// <summary>Promotes the secondary token. Best called with it: what the caller holds is what is promoted.</summary>
    public Task<TwilioAuthTokenPromotion> PromoteAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, new(_addresses.Accounts, "/v1/AuthTokens/Promote"), credential, TwilioWire.Plain.TwilioAuthTokenPromotion, cancel);

    /// <summary>Reads an account: the credential's own, or a subaccount of it.</summary>
    public Task<TwilioAccount> GetAccountAsync(TwilioCredential credential, string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, new(_addresses.Api, $"/2010-04-01/Accounts/{Uri.EscapeDataString(sid)}.json"), credential, TwilioWire.Plain.TwilioAccount, cancel);

    /// <summary>Reads a page of the credential's account and its subaccounts; null for the first, else the page before's <see cref="TwilioAccountPage.NextPageUri"/>.</summary>
    public Task<TwilioAccountPage> ListAccountsAsync(TwilioCredential credential, string? page = null, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, new(_addresses.Api, page ?? "/2010-04-01/Accounts.json?PageSize=200"), credential, TwilioWire.Plain.TwilioAccountPage, cancel);

    /// <summary>Reads the environments of a service of Functions, all pages of them.</summary>
    /// <param name="credential">The account that owns the service.</param>
    /// <param name="service">The service: its SID, or its unique name.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<IReadOnlyList<TwilioEnvironment>> ListEnvironmentsAsync(TwilioCredential credential, string service, CancellationToken cancel = default) => ListAsync(
        credential, $"{PathOf(service)}/Environments?PageSize=100", TwilioWire.Plain.TwilioEnvironmentPage, page => (page.Environments, page.Meta.NextPath), cancel);

    /// <summary>Reads the variables of an environment of Functions, all pages of them.</summary>
    /// <param name="credential">The account that owns the service.</param>
    /// <param name="service">The service: its SID, or its unique name.</param>
    /// <param name="environment">The environment's SID.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<IReadOnlyList<TwilioVariable>> ListVariablesAsync(TwilioCredential credential, string service, string environment, CancellationToken cancel = default) => ListAsync(
        credential, $"{PathOf(service, environment)}?PageSize=100", TwilioWire.Plain.TwilioVariablePage, page => (page.Variables, page.Meta.NextPath), cancel);

    /// <summary>Makes a variable. Its key is at most 128 characters long, its value at most 450 bytes and not empty.</summary>
    public Task<TwilioVariable> CreateVariableAsync(TwilioCredential credential, string service, string environment, string key, string value, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, new(Serverless, PathOf(service, environment)), credential, TwilioWire.Plain.TwilioVariable, cancel, ("Key", key), ("Value", value));

    /// <summary>Gives a variable another value: at most 450 bytes, and not empty.</summary>
    public Task<TwilioVariable> UpdateVariableAsync(TwilioCredential credential, string service, string environment, string variable, string value, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, new(Serverless, $"{PathOf(service, environment)}/{Uri.EscapeDataString(variable)}"), credential, TwilioWire.Plain.TwilioVariable, cancel, ("Value", value));

    /// <summary>Deletes a variable.</summary>
    public Task DeleteVariableAsync(TwilioCredential credential, string service, string environment, string variable, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Delete, new(Serverless, $"{PathOf(service, environment)}/{Uri.EscapeDataString(variable)}"), credential, null, cancel);

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    /// <summary>Reads a list of the serverless API, all pages of it.</summary>
    private async Task<IReadOnlyList<TItem>> ListAsync<TPage, TItem>(
        TwilioCredential credential, string first, JsonTypeInfo<TPage> type, Func<TPage, (IEnumerable<TItem> Items, string? Next)> read, CancellationToken cancel)
    {
        var all = new List<TItem>();
        for (var next = first; next is not null;)
        {
            (var items, next) = read(await AskAsync(HttpMethod.Get, new(Serverless, next), credential, type, cancel));
            all.AddRange(items);
        }

        return all;
    }

    private Uri Serverless => _addresses.Serverless ?? throw new InvalidOperationException("There are no Functions at these addresses.");

    private static string PathOf(string service) => $"/v1/Services/{Uri.EscapeDataString(service)}";

    private static string PathOf(string service, string environment) => $"{PathOf(service)}/Environments/{Uri.EscapeDataString(environment)}/Variables";

    private async Task<T> AskAsync<T>(
        HttpMethod method, Uri address, TwilioCredential credential, JsonTypeInfo<T> type, CancellationToken cancel, params (string Name, string Value)[] form)
    {
        // An empty form rather than no body: some servers want a length.
        var body = method == HttpMethod.Post ? new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))) : null;
        var content = await SendAsync(method, address, credential, body, cancel);
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException e)
        {
            throw new TwilioException(0, 0, $"The answer of {address.Authority} cannot be read.", e);
        }
    }

    private async Task<byte[]> SendAsync(HttpMethod method, Uri address, TwilioCredential credential, HttpContent? body, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(credential);
        using var request = new HttpRequestMessage(method, address) { Content = body };
        request.Headers.Authorization = credential.Basic;
        try
        {
            using var response = await _http.SendAsync(request, cancel);
            var content = await response.Content.ReadAsByteArrayAsync(cancel);
            return response.IsSuccessStatusCode ? content : throw Refusal(response, content, address);
        }
        catch (HttpRequestException e) when (e.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw new TwilioException(0, 0, $"No answer from {address.GetLeftPart(UriPartial.Authority)} ({Innermost(e)}).", e) { NotSent = true };
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
        {
            throw new TwilioException(0, 0, $"The answer of {address.GetLeftPart(UriPartial.Authority)} did not arrive whole ({Innermost(e)}).", e);
        }
    }

    private static string Innermost(Exception e) => e.GetBaseException().Message.TrimEnd('.');

    private static TwilioException Refusal(HttpResponseMessage response, byte[] content, Uri address)
    {
        var status = (int)response.StatusCode;
        try
        {
            if (JsonSerializer.Deserialize(content, TwilioWire.Plain.TwilioError) is { Code: not 0 } error && error.Status == status)
            {
                return new(status, error.Code, error.Message) { IsFromApi = true, RetryAfter = RetryAfter.Of(response) };
            }
        }
        catch (JsonException)
        {
            // Not Twilio's form: something else stands there.
        }

        return new(status, 0, $"{address.Authority} answered {status} without saying why.") { RetryAfter = RetryAfter.Of(response) };
    }
}
