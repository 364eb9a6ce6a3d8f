using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>The requests of unmodified Twilio clients (nine, one of them in two versions), replayed byte for byte; only the credential is filled in.</summary>
public sealed class RecordedRequests
{
    public static TheoryData<string> Clients => new(Recording().EnumerateObject().Select(client => client.Name));

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_whole_rotation_is_understood(string client)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        (await ReplayAsync(tandem, client, "delete", tandem.Account)).IsNotFound("/AuthTokens/Secondary");
        (await ReplayAsync(tandem, client, "promote", tandem.Account)).IsNotFound("/AuthTokens/Promote");
        Assert.Equal(201, (await ReplayAsync(tandem, client, "create", tandem.Account)).Status);
        var deleted = await ReplayAsync(tandem, client, "delete", tandem.Account);
        Assert.Equal((204, ""), (deleted.Status, deleted.Body));

        var created = await ReplayAsync(tandem, client, "create", tandem.Account);
        var token = created.Text("secondary_auth_token");
        Assert.Equal(201, created.Status);
        IsPlainJson(created);
        Assert.Equal(
            $$"""{"account_sid":"{{tandem.Account.Sid}}","date_created":"2026-01-02T03:04:05Z","date_updated":"2026-01-02T03:04:05Z","secondary_auth_token":"{{token}}","url":"https://accounts.twilio.com/v1/AuthTokens/Secondary"}""",
            created.Body);
        Assert.Equal(400, (await ReplayAsync(tandem, client, "create", tandem.Account)).Status);

        var promoted = await ReplayAsync(tandem, client, "promote", tandem.Account);
        Assert.Equal(200, promoted.Status);
        IsPlainJson(promoted);
        Assert.Equal(
            $$"""{"account_sid":"{{tandem.Account.Sid}}","auth_token":"{{token}}","date_created":"2026-01-02T03:04:05Z","date_updated":"2026-01-02T03:04:05Z","url":"https://accounts.twilio.com/v1/AuthTokens/Promote"}""",
            promoted.Body);
        (await ReplayAsync(tandem, client, "promote", tandem.Account)).IsError(401, 20003, "Authenticate");
    }

    [Fact]
    public void All_are_replayed() => Assert.Equal(10, Clients.Count);

    private static void IsPlainJson(TestAnswer answer)
    {
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Null(answer.Header("Content-Encoding"));
        Assert.Null(answer.Header("Transfer-Encoding"));
    }

    private static async Task<TestAnswer> ReplayAsync(TestTandem tandem, string client, string operation, TestCredential credential)
    {
        var request = Recording().GetProperty(client).GetProperty(operation);
        var headers = request.GetProperty("headers").EnumerateArray().Select(h => $"{h[0].GetString()}: {h[1].GetString()}\r\n");
        var text = $"{request.GetProperty("method").GetString()} {request.GetProperty("target").GetString()} HTTP/1.1\r\n"
            + string.Concat(headers).Replace("Basic <base64 SID:TOKEN>", credential.Basic, StringComparison.Ordinal)
            + "\r\n" + request.GetProperty("body").GetString();
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync(text);
        return await raw.ReadAsync();
    }

    private static JsonElement Recording()
    {
        using var file = typeof(RecordedRequests).Assembly.GetManifestResourceStream("twilio-client-requests.json")!;
        return JsonDocument.Parse(file).RootElement.GetProperty("clients");
    }
}
