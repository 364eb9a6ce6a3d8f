using System.Globalization;
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

    /// <summary>A server that never ends its list is not followed for ever.</summary>
    private const int MostPages = 1000;

    private readonly HttpClient _http;

    private TandemClient(HttpClient http) => _http = http;

    /// <summary>Speaks to the server whose administration socket this is: <c>admin.sock</c> in its data directory.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="patience">For how long an answer may let itself be waited for; null for 30 seconds.</param>
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
        return new(new HttpClient(handler) { BaseAddress = new("http://localhost/tandem/v1/"), Timeout = patience ?? TimeSpan.FromSeconds(30) });
    }

    /// <summary>Speaks to the server at an address, as the account whose credential this is: about itself and its subaccounts.</summary>
    /// <param name="server">Where the API listens.</param>
    /// <param name="credential">Either of the account's tokens.</param>
    /// <param name="handler">What carries the requests; null for one that keeps no connection. It is disposed with the client.</param>
    public static TandemClient OverHttp(Uri server, TwilioCredential credential, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(credential);
        var http = new HttpClient(handler ?? TwilioClient.CreateHandler(server)) { BaseAddress = new(server, "/tandem/v1/"), Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = credential.Basic;
        return new(http);
    }

    /// <summary>What the server says of itself.</summary>
    public Task<ServerInfo> GetServerAsync(CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, "server", null, TandemJson.Default.ServerInfo, cancel);

    /// <summary>A page of accounts, newest first: at most <paramref name="limit"/> (1 to 1000) behind the account <paramref name="after"/>.</summary>
    public Task<AccountList> ListAccountsAsync(string? after = null, int limit = 100, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, $"accounts?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", null, TandemJson.Default.AccountList, cancel);

    /// <summary>Creates an account; the answer holds its token, this once.</summary>
    public Task<AccountCreatedInfo> CreateAccountAsync(AccountCreateRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, "accounts", Body(request, TandemJson.Default.AccountCreateRequest), TandemJson.Default.AccountCreatedInfo, cancel);

    /// <summary>Reads an account.</summary>
    public Task<AccountInfo> GetAccountAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, Account(sid), null, TandemJson.Default.AccountInfo, cancel);

    /// <summary>Changes an account's name, status or both.</summary>
    public Task<AccountInfo> UpdateAccountAsync(string sid, AccountUpdateRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, Account(sid), Body(request, TandemJson.Default.AccountUpdateRequest), TandemJson.Default.AccountInfo, cancel);

    /// <summary>Reads both slots of an account: fingerprints and ages.</summary>
    public Task<AccountTokens> GetTokensAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, $"{Account(sid)}/tokens", null, TandemJson.Default.AccountTokens, cancel);

    /// <summary>Creates the secondary token; the answer holds it, this once.</summary>
    public Task<SecondaryCreatedInfo> CreateSecondaryAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, $"{Account(sid)}/tokens/secondary", null, TandemJson.Default.SecondaryCreatedInfo, cancel);

    /// <summary>Deletes the secondary token.</summary>
    public Task DeleteSecondaryAsync(string sid, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Delete, $"{Account(sid)}/tokens/secondary", null, cancel);

    /// <summary>Lets the check refuse the primary for a while: the rehearsal of a promote.</summary>
    public Task<AccountTokens> PausePrimaryAsync(string sid, PauseRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, $"{Account(sid)}/tokens/pause", Body(request, TandemJson.Default.PauseRequest), TandemJson.Default.AccountTokens, cancel);

    /// <summary>Ends the pause before its time.</summary>
    public Task<AccountTokens> ResumePrimaryAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Delete, $"{Account(sid)}/tokens/pause", null, TandemJson.Default.AccountTokens, cancel);

    /// <summary>Switches the promote guard.</summary>
    public Task<AccountTokens> SetPromoteGuardAsync(string sid, PromoteGuardRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, $"{Account(sid)}/tokens/promote-guard", Body(request, TandemJson.Default.PromoteGuardRequest), TandemJson.Default.AccountTokens, cancel);

    /// <summary>Promotes the secondary token: the primary stops working at once.</summary>
    public Task<PromotedInfo> PromoteAsync(string sid, PromoteRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, $"{Account(sid)}/tokens/promote", Body(request, TandemJson.Default.PromoteRequest), TandemJson.Default.PromotedInfo, cancel);

    /// <summary>Reads how much each token is used, by minute, hour and day, and the gaps of the counting.</summary>
    public Task<AccountUsageInfo> GetUsageAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, $"{Account(sid)}/usage", null, TandemJson.Default.AccountUsageInfo, cancel);

    /// <summary>Reads who still calls with retired tokens: all pages.</summary>
    public Task<LateUseList> GetLateUseAsync(string sid, CancellationToken cancel = default) => AskAllAsync(
        $"{Account(sid)}/late-use", TandemJson.Default.LateUseList, list => list.NextAfter,
        (all, page) => page with { Entries = [.. all.Entries, .. page.Entries] }, cancel);

    /// <summary>Reads who uses which token, those who stand in the way of a promote first: all pages.</summary>
    public Task<ConsumerList> GetConsumersAsync(string sid, CancellationToken cancel = default) => AskAllAsync(
        $"{Account(sid)}/consumers", TandemJson.Default.ConsumerList, list => list.NextAfter,
        (all, page) => page with { Consumers = [.. all.Consumers, .. page.Consumers] }, cancel);

    /// <summary>Decides about a consumer: its name, how often it is expected, whether it is gone.</summary>
    public Task<ConsumerDecisionInfo> DecideAsync(string sid, string consumer, ConsumerDecisionRequest request, CancellationToken cancel = default) =>
        AskAsync(
            HttpMethod.Post,
            $"{Account(sid)}/consumers/{Uri.EscapeDataString(consumer)}",
            Body(request, TandemJson.Default.ConsumerDecisionRequest),
            TandemJson.Default.ConsumerDecisionInfo,
            cancel);

    /// <summary>Asks whether the secondary may be promoted now.</summary>
    public Task<ReadinessInfo> GetReadinessAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, $"{Account(sid)}/readiness", null, TandemJson.Default.ReadinessInfo, cancel);

    /// <summary>Reads the last rotation of an account that the server was told of.</summary>
    public Task<RotationInfo> GetRotationAsync(string sid, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, $"{Account(sid)}/rotation", null, TandemJson.Default.RotationInfo, cancel);

    /// <summary>Tells how a rotation stands. Refused with <c>rotation_running</c> while another one of the account runs.</summary>
    public Task<RotationInfo> TellRotationAsync(string sid, RotationUpdate update, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Put, $"{Account(sid)}/rotation", Body(update, TandemJson.Default.RotationUpdate), TandemJson.Default.RotationInfo, cancel);

    /// <summary>Lets the server forget the account's rotation, whoever runs it.</summary>
    public Task ForgetRotationAsync(string sid, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Delete, $"{Account(sid)}/rotation", null, cancel);

    /// <summary>
    /// Reads audit entries, of one account or of all (null): the newest <paramref name="limit"/> (1 to 1000), the newest first; or those after
    /// the number <paramref name="after"/>, in their order.
    /// </summary>
    public Task<AuditList> GetAuditAsync(string? sid, long? after = null, int limit = 100, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, $"{(sid is null ? "" : $"{Account(sid)}/")}audit?limit={limit}{(after is null ? "" : $"&after={after}")}", null, TandemJson.Default.AuditList, cancel);

    /// <summary>Has every link of the audit trail computed again.</summary>
    public Task<AuditVerificationInfo> VerifyAuditAsync(CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, "audit/verification", null, TandemJson.Default.AuditVerificationInfo, cancel);

    /// <summary>Which keys there are, and what rests on the older ones.</summary>
    public Task<KeysInfo> GetKeysAsync(CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Get, "keys", null, TandemJson.Default.KeysInfo, cancel);

    /// <summary>Changes the root key. No token changes.</summary>
    public Task<KeysRotatedInfo> RotateKeysAsync(KeyRotateRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, "keys/rotate", Body(request, TandemJson.Default.KeyRotateRequest), TandemJson.Default.KeysRotatedInfo, cancel);

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
        AskAsync(HttpMethod.Post, "setup-link", null, TandemJson.Default.SetupLinkInfo, cancel);

    /// <summary>Everybody who signs in to the console, by name: all pages.</summary>
    public Task<UserList> ListUsersAsync(CancellationToken cancel = default) => AskAllAsync(
        "users", TandemJson.Default.UserList, list => list.NextAfter, (all, page) => page with { Users = [.. all.Users, .. page.Users] }, cancel);

    /// <summary>Adds a user, with a password or with a link to choose one.</summary>
    public Task<UserInfo> AddUserAsync(UserAddRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, "users", Body(request, TandemJson.Default.UserAddRequest), TandemJson.Default.UserInfo, cancel);

    /// <summary>Sets a user's password, which ends their sessions; or makes a link to choose one.</summary>
    public Task<UserInfo> SetPasswordAsync(string name, UserPasswordRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, $"{User(name)}/password", Body(request, TandemJson.Default.UserPasswordRequest), TandemJson.Default.UserInfo, cancel);

    /// <summary>Gives a user another role.</summary>
    public Task<UserInfo> SetRoleAsync(string name, UserRoleRequest request, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Post, $"{User(name)}/role", Body(request, TandemJson.Default.UserRoleRequest), TandemJson.Default.UserInfo, cancel);

    /// <summary>Removes a user and ends their sessions.</summary>
    public Task<UserInfo> RemoveUserAsync(string name, CancellationToken cancel = default) =>
        AskAsync(HttpMethod.Delete, User(name), null, TandemJson.Default.UserInfo, cancel);

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static string User(string name) => $"users/{Uri.EscapeDataString(name)}";

    private static string Account(string sid) => $"accounts/{Uri.EscapeDataString(sid)}";

    private static ByteArrayContent Body<T>(T value, JsonTypeInfo<T> type)
    {
        // Of a known length: a chunked body would do as well, but this one can be read in a trace.
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>Reads a list page by page.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="next">Where the page after one begins.</param>
    /// <param name="join">All so far and one page more.</param>
    /// <param name="cancel">Ends it.</param>
    private async Task<T> AskAllAsync<T>(string path, JsonTypeInfo<T> type, Func<T, string?> next, Func<T, T, T> join, CancellationToken cancel)
    {
        var all = await AskAsync(HttpMethod.Get, $"{path}?limit={PageLimit}", null, type, cancel);
        for (var pages = 1; next(all) is { } after && pages < MostPages; pages++)
        {
            all = join(all, await AskAsync(HttpMethod.Get, $"{path}?limit={PageLimit}&after={Uri.EscapeDataString(after)}", null, type, cancel));
        }

        return all;
    }

    private async Task<T> AskAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        var content = await SendAsync(method, path, body, cancel);
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException e)
        {
            throw new TandemException(TandemException.Broken, $"The server's answer cannot be read ({e.Message}).", inner: e);
        }
    }

    /// <summary>Sends, and answers the body; a long one is handed to <paramref name="read"/> as it comes, and nothing is answered.</summary>
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

            var content = await response.Content.ReadAsByteArrayAsync(cancel);
            return response.IsSuccessStatusCode ? content : throw Refusal((int)response.StatusCode, content);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError || e.InnerException is SocketException)
        {
            var denied = e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied };
            throw new TandemException(denied ? TandemException.Forbidden : TandemException.NotRunning, e.Message, inner: e);
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
        {
            throw new TandemException(TandemException.Broken, $"The server's answer did not arrive whole ({e.Message}).", inner: e);
        }
    }

    private static TandemException Refusal(int status, byte[] content)
    {
        try
        {
            if (JsonSerializer.Deserialize(content, TandemJson.Default.TandemProblem) is { } problem)
            {
                return new(problem.Kind, problem.Detail, status);
            }
        }
        catch (JsonException)
        {
            // Not one of ours: something else listens there, or an older server.
        }

        return new(TandemException.Broken, $"The server answered {status} without saying why.", status);
    }
}
