using Tandem.Server.Tests.Reference;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>Every path of our own, asked by everybody: who may, who learns nothing; and each answer is one that the reference announces.</summary>
public sealed class TandemApi_callers
{
    private const string Rotation = """{"id":"00000000000000000000000000000000","owner":"ada@build","started":"2026-01-02T03:04:05Z","progress":"running","step":"watching"}""";

    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["POST /tandem/v1/accounts/{sid}/tokens/promote"] = "{}",
        ["POST /tandem/v1/accounts/{sid}/tokens/pause"] = """{"seconds":60}""",
        ["POST /tandem/v1/accounts/{sid}/tokens/promote-guard"] = """{"promote_guard":"off"}""",
        ["PUT /tandem/v1/accounts/{sid}/rotation"] = Rotation,
        ["POST /tandem/v1/accounts/{sid}/consumers/{id}"] = """{"name":"Nightly report"}""",
        ["POST /tandem/v1/accounts/{sid}"] = """{"friendly_name":"Renamed"}""",
        ["POST /tandem/v1/users"] = """{"name":"erin","role":"viewer"}""",
        ["POST /tandem/v1/users/{name}/role"] = """{"role":"operator"}""",
        ["POST /tandem/v1/accounts"] = """{"friendly_name":"New"}""",
    };

    [Fact]
    public async Task An_account_its_parent_and_operators_may_and_nobody_else_learns_a_thing()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var stranger = await tandem.CreateStrangerAsync();
        var shared = document.Operations.Where(o => o.Path.StartsWith("/tandem/v1/accounts/{sid}/", StringComparison.Ordinal)).ToList();
        Assert.True(shared.Count >= 16, $"{shared.Count} operations");
        foreach (var (method, path, _) in shared)
        {
            foreach (var caller in Enum.GetValues<Asking>())
            {
                var account = await AccountAsync(tandem);
                var answer = await SendAsync(tandem, method, path, account.Primary, caller switch
                {
                    Asking.Nobody => null,
                    Asking.Stranger => stranger,
                    Asking.Retired => account.Retired,
                    Asking.Secondary => account.Secondary,
                    Asking.Primary => account.Primary,
                    _ => tandem.Account,
                }, isOperator: caller == Asking.Operator);

                var what = $"{method} {path} by {caller}: {answer.Status} {answer.Body}";
                switch (caller)
                {
                    case Asking.Nobody or Asking.Retired:
                        Assert.True((answer.Status, Kind(answer)) is (401, "unauthenticated"), what);
                        break;
                    case Asking.Stranger:
                        var unknown = await SendAsync(tandem, method, path, TestCredential.Unknown, stranger, isOperator: false);
                        Assert.True((answer.Status, Kind(answer)) is (404, "account_not_found"), what);
                        Assert.Equal(unknown.Body, answer.Body);
                        break;
                    default:
                        Assert.True(answer.Status is 200 or 201 or 204 || (answer.Status, Kind(answer)) is (409, "secondary_exists" or "not_paused"), what);
                        break;
                }

                await document.ExpectAsync(method, path, answer);
            }
        }
    }

    [Fact]
    public async Task What_is_an_operators_is_there_on_the_socket_and_for_no_credential()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var local = document.Operations.Where(o => o.Operation["servers"] is not null).ToList();
        Assert.Equal(16, local.Count);
        foreach (var (method, path, _) in local)
        {
            var account = await AccountAsync(tandem);
            Assert.Equal(401, (await SendAsync(tandem, method, path, account.Primary, null, isOperator: false)).Status);
            var refused = await SendAsync(tandem, method, path, account.Primary, tandem.Account, isOperator: false);
            Assert.Equal((404, "not_found"), (refused.Status, Kind(refused)));
            var answer = await SendAsync(tandem, method, path, account.Primary, null, isOperator: true);
            Assert.True(answer.Status is 200 or 201, $"{method} {path}: {answer.Status} {answer.Body}");
            if (path != "/tandem/v1/backup") // bytes, of which the reference says nothing more
            {
                await document.ExpectAsync(method, path, answer);
            }
        }
    }

    /// <summary>Who asks.</summary>
    private enum Asking
    {
        Nobody,
        Stranger,
        Retired,
        Secondary,
        Primary,
        Parent,
        Operator,
    }

    /// <summary>A subaccount with both tokens, and one that it had.</summary>
    private static async Task<(TestCredential Primary, TestCredential Secondary, TestCredential Retired)> AccountAsync(TestTandem tandem)
    {
        var primary = await tandem.CreateSubaccountAsync();
        var retired = await tandem.CreateSecondaryAsync(primary);
        await tandem.SendAsync("DELETE", Calls.Secondary, r => r.As(primary));
        Assert.Equal(200, (await tandem.SendAsync("PUT", $"/tandem/v1/accounts/{primary.Sid}/rotation", r => r.As(primary).Json(Rotation))).Status);
        return (primary, await tandem.CreateSecondaryAsync(primary), retired);
    }

    private static Task<TestAnswer> SendAsync(TestTandem tandem, string method, string path, TestCredential account, TestCredential? by, bool isOperator)
    {
        void Say(HttpRequestMessage request)
        {
            if (Bodies.TryGetValue($"{method} {path}", out var body))
            {
                request.Json(body);
            }
        }

        var at = OpenApi_200.Filled(path, account);
        return isOperator ? tandem.SendToAdminAsync(method, at, Say) : tandem.SendAsync(method, at, r => Say(r.As(by)));
    }

    private static string? Kind(TestAnswer answer) => answer.Status < 400 ? null : answer.Text("kind");
}
