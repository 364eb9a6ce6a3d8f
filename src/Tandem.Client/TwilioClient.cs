using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

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
    private const long MostListBytes = 8L * WireJson.MostBytes;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_listPatience = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;
    private readonly TwilioAddresses _addresses;

    /// <summary>A client for these addresses.</summary>
    /// <param name="addresses">Where to ask.</param>
    /// <param name="handler">What carries the requests; null for <see cref="CreateHandler"/>. It is disposed with the client.</param>
    /// <param name="patience">How long an answer may take, to its last byte; null for 30 seconds.</param>
    public TwilioClient(TwilioAddresses addresses, HttpMessageHandler? handler = null, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        _addresses = addresses;
        _http = new(handler ?? CreateHandler(addresses.Accounts))
        {
            Timeout = patience ?? s_patience,
            MaxResponseContentBufferSize = WireJson.MostBytes,
        };
    }

    /// <summary>
    /// A handler that never sends a request again by itself: the framework does so when a kept connection turns out to be closed, and a create
    /// that was sent twice is refused the second time. So each request has a connection of its own. Proxies of the environment are used, except for loopback.
    /// Redirects are not followed, and compressed answers are not asked for or unpacked.
    /// </summary>
    public static SocketsHttpHandler CreateHandler(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = !address.IsLoopback,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>Creates the secondary token; the answer holds it, this once.</summary>
    public Task<TwilioSecondaryAuthToken> CreateSecondaryAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        AskAsync<TwilioSecondaryAuthToken>(HttpMethod.Post, new(_addresses.Accounts, "/v1/AuthTokens/Secondary"), credential, cancel);

    /// <summary>Deletes the secondary token.</summary>
    public Task DeleteSecondaryAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Delete, new(_addresses.Accounts, "/v1/AuthTokens/Secondary"), credential, null, cancel);

    /// <summary>Promotes the secondary token. Best called with it: what the caller holds is what is promoted.</summary>
    public Task<TwilioAuthTokenPromotion> PromoteAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        AskAsync<TwilioAuthTokenPromotion>(HttpMethod.Post, new(_addresses.Accounts, "/v1/AuthTokens/Promote"), credential, cancel);

    /// <summary>Reads an account: the credential's own, or a subaccount of it.</summary>
    public Task<TwilioAccount> GetAccountAsync(TwilioCredential credential, AccountSid sid, CancellationToken cancel = default) =>
        AskAsync<TwilioAccount>(HttpMethod.Get, new(_addresses.Api, $"/2010-04-01/Accounts/{sid}.json"), credential, cancel);

    /// <summary>
    /// Reads the credential's account and its subaccounts, all pages of them. A page on another server is not asked for, since the credential would
    /// go there.
    /// </summary>
    public Task<IReadOnlyList<TwilioAccount>> ListAccountsAsync(TwilioCredential credential, CancellationToken cancel = default) =>
        ListAsync<TwilioAccountPage, TwilioAccount>(
            credential, new(_addresses.Api, "/2010-04-01/Accounts.json?PageSize=200"), page => (page.Accounts, page.NextPageUri), cancel);

    /// <summary>Reads the environments of a service of Functions, all pages of them.</summary>
    /// <param name="credential">The account that owns the service.</param>
    /// <param name="service">The service: its SID, or its unique name.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<IReadOnlyList<TwilioEnvironment>> ListEnvironmentsAsync(
        TwilioCredential credential, string service, CancellationToken cancel = default) =>
        ListAsync<TwilioEnvironmentPage, TwilioEnvironment>(
            credential, new(Serverless, $"{PathOf(service)}/Environments?PageSize=100"), page => (page.Environments, page.Meta.NextPath), cancel);

    /// <summary>Reads the variables of an environment of Functions, all pages of them.</summary>
    /// <param name="credential">The account that owns the service.</param>
    /// <param name="service">The service: its SID, or its unique name.</param>
    /// <param name="environment">The environment's SID.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<IReadOnlyList<TwilioVariable>> ListVariablesAsync(
        TwilioCredential credential, string service, string environment, CancellationToken cancel = default) =>
        ListAsync<TwilioVariablePage, TwilioVariable>(
            credential, new(Serverless, $"{PathOf(service, environment)}?PageSize=100"), page => (page.Variables, page.Meta.NextPath), cancel);

    /// <summary>Makes a variable. Its key is at most 128 characters long, its value at most 450 bytes and not empty.</summary>
    public Task<TwilioVariable> CreateVariableAsync(TwilioCredential credential, string service, string environment, string key, string value, CancellationToken cancel = default) =>
        AskAsync<TwilioVariable>(HttpMethod.Post, new(Serverless, PathOf(service, environment)), credential, cancel, ("Key", key), ("Value", value));

    /// <summary>Gives a variable another value: at most 450 bytes, and not empty.</summary>
    public Task<TwilioVariable> UpdateVariableAsync(TwilioCredential credential, string service, string environment, string variable, string value, CancellationToken cancel = default) =>
        AskAsync<TwilioVariable>(
            HttpMethod.Post, new(Serverless, PathOf(service, environment, variable)), credential, cancel, ("Value", value));

    /// <summary>Deletes a variable.</summary>
    public Task DeleteVariableAsync(TwilioCredential credential, string service, string environment, string variable, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Delete, new(Serverless, PathOf(service, environment, variable)), credential, null, cancel);

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    /// <summary>Reads all pages of a list. A list without end, whose pages repeat or grow for ever, is an answer that cannot be read.</summary>
    private async Task<IReadOnlyList<TItem>> ListAsync<TPage, TItem>(
        TwilioCredential credential, Uri first, Func<TPage, (IEnumerable<TItem> Items, string? Next)> read, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_listPatience);
        var (all, seen, size) = (new List<TItem>(), new HashSet<Uri>(), 0L);
        for (var at = first; at is not null;)
        {
            if (!seen.Add(at) || size > MostListBytes)
            {
                var why = size > MostListBytes ? $"it is larger than {MostListBytes / 1024 / 1024} MiB" : "its pages repeat";
                throw new TwilioException(0, 0, $"The list at {first.Authority} has no end: {why}.");
            }

            var content = await SendAsync(HttpMethod.Get, at, credential, null, limit.Token);
            size += content.Length;
            var (items, next) = read(Parse<TPage>(content, at));
            all.AddRange(items);
            at = next is null ? null : NextPage(at, next);
        }

        return all;
    }

    /// <summary>The next page, if it is on the server of the page before.</summary>
    private static Uri NextPage(Uri page, string next)
    {
        const UriComponents server = UriComponents.Scheme | UriComponents.Host | UriComponents.StrongPort;
        return Uri.TryCreate(page, next, out var address) && address.UserInfo.Length == 0
            && Uri.Compare(page, address, server, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0
            ? address
            : throw new TwilioException(0, 0, $"{page.Authority} names a next page that is not on that server. No token was sent there.");
    }

    private static string Server(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private Uri Serverless => _addresses.Serverless ?? throw new InvalidOperationException("There are no Functions at these addresses.");

    private static string PathOf(string service) => $"/v1/Services/{Uri.EscapeDataString(service)}";

    private static string PathOf(string service, string environment) => $"{PathOf(service)}/Environments/{Uri.EscapeDataString(environment)}/Variables";

    private static string PathOf(string service, string environment, string variable) =>
        $"{PathOf(service, environment)}/{Uri.EscapeDataString(variable)}";

    private async Task<T> AskAsync<T>(
        HttpMethod method, Uri address, TwilioCredential credential, CancellationToken cancel, params (string Name, string Value)[] form)
    {
        // An empty form rather than no body: some servers want a length.
        var body = method == HttpMethod.Post ? new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))) : null;
        return Parse<T>(await SendAsync(method, address, credential, body, cancel), address);
    }

    private static T Parse<T>(byte[] content, Uri address)
    {
        try
        {
            return WireJson.ReadTwilio<T>(content);
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
            var content = await response.Content.ReadAsByteArrayAsync(cancel); // it has been read to its end, within the limits of the client
            if (method == HttpMethod.Delete && response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NoContent)
            {
                throw new TwilioException(0, 0, $"The answer of {address.Authority} cannot be read."); // something on the way answered it
            }

            return response.IsSuccessStatusCode ? content : throw Refusal(response, content, address);
        }
        catch (HttpRequestException e) when (e.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw new TwilioException(0, 0, $"No answer from {Server(address)} ({MissingAnswer.Why(e)}).", e) { NotSent = true };
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
        {
            throw new TwilioException(0, 0, $"The answer of {Server(address)} did not arrive whole ({MissingAnswer.Why(e)}).", e);
        }
    }

    private static TwilioException Refusal(HttpResponseMessage response, byte[] content, Uri address)
    {
        var status = (int)response.StatusCode;
        try
        {
            if (WireJson.ReadTwilio<TwilioError>(content) is { Code: not 0, Message: { } message } error && error.Status == status)
            {
                return new(status, error.Code, message) { IsFromApi = true, RetryAfter = RetryAfter.Of(response) };
            }
        }
        catch (JsonException)
        {
            // Not Twilio's form: something else stands there.
        }

        return new(status, 0, $"{address.Authority} answered {status} without saying why.") { RetryAfter = RetryAfter.Of(response) };
    }
}
