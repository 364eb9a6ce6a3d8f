using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tandem.Client;

/// <summary>
/// Asks a server over <c>/tandem/v1</c>, one method an endpoint. Every method throws <see cref="TandemException"/> for a refusal, and
/// nothing is ever sent twice: a change whose answer was lost is the caller's to look into.
/// </summary>
public sealed class TandemClient : IDisposable
{
    private const int PageLimit = 1000;

    /// <summary>Pages of one list. A server that never ends its list is not followed for ever.</summary>
    private const int MostPages = 10_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    private TandemClient(HttpClient http) => _http = http;

    /// <summary>Speaks to the server whose administration socket this is: <c>admin.sock</c> in its data directory.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="patience">How long an answer may take, to its last byte; null for 30 seconds. A backup has that long to begin.</param>
    public static TandemClient OverSocket(string path, TimeSpan? patience = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new(Client(handler, new("http://localhost/tandem/v1/"), patience));
    }

    /// <summary>Speaks to the server at an address, as the account whose credential this is: about itself and its subaccounts.</summary>
    /// <param name="server">Where the API listens.</param>
    /// <param name="credential">Either of the account's tokens.</param>
    /// <param name="handler">What carries the requests; null for one that keeps no connection. It is disposed with the client.</param>
    /// <param name="patience">How long an answer may take, to its last byte; null for 30 seconds.</param>
    public static TandemClient OverHttp(Uri server, TwilioCredential credential, HttpMessageHandler? handler = null, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(credential);
        var http = Client(handler ?? TwilioClient.CreateHandler(server), new(server, "/tandem/v1/"), patience);
        http.DefaultRequestHeaders.Authorization = credential.Basic;
        return new(http);
    }

    /// <summary>What the server says of itself.</summary>
    public Task<ServerInfo> GetServerAsync(CancellationToken cancel = default) =>
        AskAsync<ServerInfo>(HttpMethod.Get, "server", null, cancel);

    /// <summary>A page of accounts, newest first: at most <paramref name="limit"/> (1 to 1000) behind the account <paramref name="after"/>.</summary>
    public Task<AccountList> ListAccountsAsync(string? after = null, int limit = 100, CancellationToken cancel = default) =>
        AskAsync<AccountList>(
            HttpMethod.Get, $"accounts?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", null, cancel);

    /// <summary>Reads all accounts, newest first.</summary>
    public async Task<IReadOnlyList<AccountInfo>> ListAllAccountsAsync(CancellationToken cancel = default)
    {
        var pages = await AskAllAsync<AccountList>("accounts", p => (p.Accounts.Count, p.NextAfter), cancel);
        return [.. pages.SelectMany(p => p.Accounts)];
    }

    /// <summary>Creates an account; the answer holds its token, this once.</summary>
    public Task<AccountCreatedInfo> CreateAccountAsync(AccountCreateRequest request, CancellationToken cancel = default) =>
        AskAsync<AccountCreatedInfo>(HttpMethod.Post, "accounts", Body(request, TandemJson.Default.AccountCreateRequest), cancel);

    /// <summary>Reads an account.</summary>
    public Task<AccountInfo> GetAccountAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<AccountInfo>(HttpMethod.Get, Account(sid), null, cancel);

    /// <summary>Changes an account's name, status or both.</summary>
    public Task<AccountInfo> UpdateAccountAsync(string sid, AccountUpdateRequest request, CancellationToken cancel = default) =>
        AskAsync<AccountInfo>(HttpMethod.Post, Account(sid), Body(request, TandemJson.Default.AccountUpdateRequest), cancel);

    /// <summary>Reads both slots of an account: fingerprints and ages.</summary>
    public Task<AccountTokens> GetTokensAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<AccountTokens>(HttpMethod.Get, $"{Account(sid)}/tokens", null, cancel);

    /// <summary>Creates the secondary token; the answer holds it, this once.</summary>
    public Task<SecondaryCreatedInfo> CreateSecondaryAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<SecondaryCreatedInfo>(HttpMethod.Post, $"{Account(sid)}/tokens/secondary", null, cancel);

    /// <summary>Deletes the secondary token.</summary>
    public Task DeleteSecondaryAsync(string sid, CancellationToken cancel = default) =>
        DeleteAsync($"{Account(sid)}/tokens/secondary", cancel);

    /// <summary>Lets the check refuse the primary for a while: the rehearsal of a promote.</summary>
    public Task<AccountTokens> PausePrimaryAsync(string sid, PauseRequest request, CancellationToken cancel = default) =>
        AskAsync<AccountTokens>(HttpMethod.Post, $"{Account(sid)}/tokens/pause", Body(request, TandemJson.Default.PauseRequest), cancel);

    /// <summary>Ends the pause before its time.</summary>
    public Task<AccountTokens> ResumePrimaryAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<AccountTokens>(HttpMethod.Delete, $"{Account(sid)}/tokens/pause", null, cancel);

    /// <summary>Switches the promote guard.</summary>
    public Task<AccountTokens> SetPromoteGuardAsync(string sid, PromoteGuardRequest request, CancellationToken cancel = default) =>
        AskAsync<AccountTokens>(
            HttpMethod.Post, $"{Account(sid)}/tokens/promote-guard", Body(request, TandemJson.Default.PromoteGuardRequest), cancel);

    /// <summary>Promotes the secondary token: the primary stops working at once.</summary>
    public Task<PromotedInfo> PromoteAsync(string sid, PromoteRequest request, CancellationToken cancel = default) =>
        AskAsync<PromotedInfo>(HttpMethod.Post, $"{Account(sid)}/tokens/promote", Body(request, TandemJson.Default.PromoteRequest), cancel);

    /// <summary>Reads how much each token is used, by minute, hour and day, and the gaps of the counting.</summary>
    public Task<AccountUsageInfo> GetUsageAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<AccountUsageInfo>(HttpMethod.Get, $"{Account(sid)}/usage", null, cancel);

    /// <summary>Reads who still calls with retired tokens: all pages.</summary>
    public async Task<LateUseList> GetLateUseAsync(string sid, CancellationToken cancel = default)
    {
        var pages = await AskAllAsync<LateUseList>($"{Account(sid)}/late-use", p => (p.Entries.Count, p.NextAfter), cancel);
        return pages[0] with { Entries = [.. pages.SelectMany(p => p.Entries)], NextAfter = null };
    }

    /// <summary>Reads who uses which token, those who stand in the way of a promote first: all pages.</summary>
    public async Task<ConsumerList> GetConsumersAsync(string sid, CancellationToken cancel = default)
    {
        var pages = await AskAllAsync<ConsumerList>($"{Account(sid)}/consumers", p => (p.Consumers.Count, p.NextAfter), cancel);
        return pages[0] with { Consumers = [.. pages.SelectMany(p => p.Consumers)], NextAfter = null };
    }

    /// <summary>Decides about a consumer: its name, how often it is expected, whether it is gone.</summary>
    public Task<ConsumerDecisionInfo> DecideAsync(string sid, string consumer, ConsumerDecisionRequest request, CancellationToken cancel = default) =>
        AskAsync<ConsumerDecisionInfo>(
            HttpMethod.Post,
            $"{Account(sid)}/consumers/{Uri.EscapeDataString(consumer)}",
            Body(request, TandemJson.Default.ConsumerDecisionRequest),
            cancel);

    /// <summary>Asks whether the secondary may be promoted now.</summary>
    public Task<ReadinessInfo> GetReadinessAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<ReadinessInfo>(HttpMethod.Get, $"{Account(sid)}/readiness", null, cancel);

    /// <summary>Reads the last rotation of an account that the server was told of.</summary>
    public Task<RotationInfo> GetRotationAsync(string sid, CancellationToken cancel = default) =>
        AskAsync<RotationInfo>(HttpMethod.Get, $"{Account(sid)}/rotation", null, cancel);

    /// <summary>Tells how a rotation stands. Refused with <c>rotation_running</c> while another one of the account runs.</summary>
    public Task<RotationInfo> TellRotationAsync(string sid, RotationUpdate update, CancellationToken cancel = default) =>
        AskAsync<RotationInfo>(HttpMethod.Put, $"{Account(sid)}/rotation", Body(update, TandemJson.Default.RotationUpdate), cancel);

    /// <summary>Lets the server forget the account's rotation, whoever runs it.</summary>
    public Task ForgetRotationAsync(string sid, CancellationToken cancel = default) =>
        DeleteAsync($"{Account(sid)}/rotation", cancel);

    /// <summary>
    /// Reads audit entries, of one account or of all (null): the newest <paramref name="limit"/> (1 to 1000), the newest first; or those after
    /// the number <paramref name="after"/>, in their order.
    /// </summary>
    public async Task<AuditList> GetAuditAsync(string? sid, long? after = null, int limit = 100, CancellationToken cancel = default)
    {
        var path = $"{(sid is null ? "" : $"{Account(sid)}/")}audit?limit={limit}{(after is null ? "" : $"&after={after}")}";
        var list = await AskAsync<AuditList>(HttpMethod.Get, path, null, cancel);

        // Numbers must grow, so that paging comes to an end.
        var numbers = after is { } last ? list.Entries.Select(e => e.Number).Prepend(last) : list.Entries.Reverse().Select(e => e.Number);
        return list.Entries.Count <= limit && numbers.Zip(numbers.Skip(1)).All(pair => pair.First < pair.Second) ? list
            : throw new TandemException(TandemException.Broken, "The server's audit entries are not in their order.");
    }

    /// <summary>Has every link of the audit trail computed again.</summary>
    public Task<AuditVerificationInfo> VerifyAuditAsync(CancellationToken cancel = default) =>
        AskAsync<AuditVerificationInfo>(HttpMethod.Get, "audit/verification", null, cancel);

    /// <summary>Which keys there are, and what rests on the older ones.</summary>
    public Task<KeysInfo> GetKeysAsync(CancellationToken cancel = default) =>
        AskAsync<KeysInfo>(HttpMethod.Get, "keys", null, cancel);

    /// <summary>Changes the root key. No token changes.</summary>
    public Task<KeysRotatedInfo> RotateKeysAsync(KeyRotateRequest request, CancellationToken cancel = default) =>
        AskAsync<KeysRotatedInfo>(HttpMethod.Post, "keys/rotate", Body(request, TandemJson.Default.KeyRotateRequest), cancel);

    /// <summary>Has a backup made and writes it to a stream; answers to how many keys it is encrypted. What was written is a backup only if this returns.</summary>
    public async Task<int> BackUpAsync(BackupRequest request, Stream into, CancellationToken cancel = default)
    {
        var encrypted = 0;
        await SendAsync(HttpMethod.Post, "backup", Body(request, TandemJson.Default.BackupRequest), cancel, async response =>
        {
            encrypted = response.Headers.TryGetValues("X-Tandem-Backup-Recipients", out var values) && int.TryParse(values.First(), CultureInfo.InvariantCulture, out var number) ? number : 0;
            await response.Content.CopyToAsync(into, cancel);
        });
        return encrypted;
    }

    /// <summary>Makes a one-time link to create the first administrator.</summary>
    public Task<SetupLinkInfo> CreateSetupLinkAsync(CancellationToken cancel = default) =>
        AskAsync<SetupLinkInfo>(HttpMethod.Post, "setup-link", null, cancel);

    /// <summary>Everybody who signs in to the console, by name: all pages.</summary>
    public async Task<UserList> ListUsersAsync(CancellationToken cancel = default)
    {
        var pages = await AskAllAsync<UserList>("users", p => (p.Users.Count, p.NextAfter), cancel);
        return pages[0] with { Users = [.. pages.SelectMany(p => p.Users)], NextAfter = null };
    }

    /// <summary>Adds a user, with a password or with a link to choose one.</summary>
    public Task<UserInfo> AddUserAsync(UserAddRequest request, CancellationToken cancel = default) =>
        AskAsync<UserInfo>(HttpMethod.Post, "users", Body(request, TandemJson.Default.UserAddRequest), cancel);

    /// <summary>Sets a user's password, which ends their sessions; or makes a link to choose one.</summary>
    public Task<UserInfo> SetPasswordAsync(string name, UserPasswordRequest request, CancellationToken cancel = default) =>
        AskAsync<UserInfo>(HttpMethod.Post, $"{User(name)}/password", Body(request, TandemJson.Default.UserPasswordRequest), cancel);

    /// <summary>Gives a user another role.</summary>
    public Task<UserInfo> SetRoleAsync(string name, UserRoleRequest request, CancellationToken cancel = default) =>
        AskAsync<UserInfo>(HttpMethod.Post, $"{User(name)}/role", Body(request, TandemJson.Default.UserRoleRequest), cancel);

    /// <summary>Removes a user and ends their sessions.</summary>
    public Task<UserInfo> RemoveUserAsync(string name, CancellationToken cancel = default) =>
        AskAsync<UserInfo>(HttpMethod.Delete, User(name), null, cancel);

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static HttpClient Client(HttpMessageHandler handler, Uri address, TimeSpan? patience) =>
        new(handler) { BaseAddress = address, Timeout = patience ?? s_patience, MaxResponseContentBufferSize = WireJson.MostBytes };

    private static string User(string name) => $"users/{Uri.EscapeDataString(name)}";

    /// <exception cref="FormatException">It is not an Account SID.</exception>
    private static string Account(string sid) => $"accounts/{AccountSid.Parse(sid)}";

    private static ByteArrayContent Body<T>(T value, JsonTypeInfo<T> type)
    {
        // Of a known length: a chunked body would do as well, but this one can be read in a trace.
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>Reads a list page by page.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="ends">How many entries a page has, and where the page after it begins; null after the last.</param>
    /// <param name="cancel">Ends it.</param>
    private async Task<List<T>> AskAllAsync<T>(string path, Func<T, (int Entries, string? Next)> ends, CancellationToken cancel)
    {
        var (pages, seen) = (new List<T>(), new HashSet<string>(StringComparer.Ordinal));
        for (var from = ""; ;)
        {
            pages.Add(await AskAsync<T>(HttpMethod.Get, $"{path}?limit={PageLimit}{from}", null, cancel));
            var (entries, next) = ends(pages[^1]);
            if (next is null)
            {
                return pages;
            }

            if (entries == 0 || !seen.Add(next) || seen.Count == MostPages)
            {
                throw new TandemException(TandemException.Broken, $"The server's list of {path[(path.LastIndexOf('/') + 1)..]} has no end.");
            }

            from = $"&after={Uri.EscapeDataString(next)}";
        }
    }

    private async Task<T> AskAsync<T>(HttpMethod method, string path, HttpContent? body, CancellationToken cancel)
    {
        var content = await SendAsync(method, path, body, cancel);
        try
        {
            return WireJson.ReadOwn<T>(content);
        }
        catch (JsonException e)
        {
            throw new TandemException(TandemException.Broken, $"The server's answer cannot be read ({e.Message}).", inner: e);
        }
    }

    /// <summary>Deletes something. Another success than 204 comes from something on the way, and says nothing about what the server did.</summary>
    private Task<byte[]> DeleteAsync(string path, CancellationToken cancel) =>
        SendAsync(HttpMethod.Delete, path, null, cancel, response => response.StatusCode == HttpStatusCode.NoContent
            ? Task.CompletedTask
            : throw new TandemException(TandemException.Broken, "The server's answer cannot be read."));

    /// <summary>Sends a request and returns the body of the answer; with <paramref name="read"/> the answer is handed to that, and nothing is returned.</summary>
    private async Task<byte[]> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancel, Func<HttpResponseMessage, Task>? read = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        try
        {
            using var response = await _http.SendAsync(request, read is null ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, cancel);
            if (read is not null && response.IsSuccessStatusCode)
            {
                await read(response);
                return [];
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(_http.Timeout);
            await response.Content.LoadIntoBufferAsync(WireJson.MostBytes, limit.Token); // a refusal of what is handed on as it comes
            var content = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return response.IsSuccessStatusCode ? content : throw Refusal(response, content);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError || e.InnerException is SocketException)
        {
            var denied = e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied };
            throw new TandemException(denied ? TandemException.Forbidden : TandemException.NotRunning, e.Message, inner: e);
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
        {
            throw new TandemException(TandemException.Broken, $"The server's answer did not arrive whole ({MissingAnswer.Why(e)}).", inner: e);
        }
    }

    private static TandemException Refusal(HttpResponseMessage response, byte[] content)
    {
        var status = (int)response.StatusCode;
        try
        {
            var problem = WireJson.ReadOwn<TandemProblem>(content);
            return new(problem.Kind, problem.Detail, status) { RetryAfter = RetryAfter.Of(response) };
        }
        catch (JsonException)
        {
            // Not one of ours: something else listens there, or an older server.
        }

        return new(TandemException.Broken, $"The server answered {status} without saying why.", status) { RetryAfter = RetryAfter.Of(response) };
    }
}
