using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tandem.Client;

namespace Tandem.Rotations.Tests;

/// <summary>
/// Twilio's serverless API as far as variables go, in the forms of its specification: one service with one environment. Twilio's own library
/// judges it (<see cref="FunctionsTests"/>).
/// </summary>
internal sealed class FunctionsStandIn : IAsyncDisposable
{
    public const string Service = "ZS00000000000000000000000000000001";
    public const string Environment = "ZE00000000000000000000000000000001";

    private readonly Func<string, string, Task<bool>> _isGood;
    private readonly List<(string Sid, string Key, string Value)> _variables = [];
    private readonly WebApplication _app;
    private readonly Lock _lock = new();

    private FunctionsStandIn(Func<string, string, Task<bool>> isGood)
    {
        _isGood = isGood;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public TwilioAddresses Addresses => new(Url, Url, Url);

    public Uri Url => new(_app.Urls.Single());

    /// <summary>What was asked: method, path and form, without SIDs of variables, which differ.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>A status to refuse everything with; null for none.</summary>
    public (int Status, int Code)? Refuse { get; set; }

    /// <param name="isGood">Whether an account's token works.</param>
    public static async Task<FunctionsStandIn> StartAsync(Func<string, string, Task<bool>> isGood)
    {
        var standIn = new FunctionsStandIn(isGood);
        await standIn._app.StartAsync();
        return standIn;
    }

    public string? Value(string key)
    {
        lock (_lock)
        {
            return _variables.Find(v => v.Key == key).Value;
        }
    }

    public string[] All()
    {
        lock (_lock)
        {
            return [.. _variables.Select(v => $"{v.Key}={v.Value}")];
        }
    }

    public void Set(string key, string value)
    {
        lock (_lock)
        {
            _variables.RemoveAll(v => v.Key == key);
            _variables.Add((NewSid(), key, value));
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string NewSid() => $"ZV{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";

    private async Task AnswerAsync(HttpContext context)
    {
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
        var path = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        Asked.Enqueue($"{context.Request.Method} {string.Join('/', path.Take(6))}{(path.Length > 6 ? "/ZV" : "")} {string.Join('&', form.Keys.Order(StringComparer.Ordinal))}".Trim());
        var (status, body) = !await IsAllowedAsync(context.Request) ? Error(401, 20003, "Authenticate")
            : Refuse is { } refusal ? Error(refusal.Status, refusal.Code, "Refused")
            : Answer(context.Request, path, form);
        context.Response.StatusCode = status;
        if (body is not null)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body.ToJsonString());
        }
    }

    private async Task<bool> IsAllowedAsync(HttpRequest request)
    {
        var given = request.Headers.Authorization.ToString();
        return given.StartsWith("Basic ", StringComparison.Ordinal)
            && Encoding.UTF8.GetString(Convert.FromBase64String(given["Basic ".Length..])).Split(':') is [var sid, var token] && await _isGood(sid, token);
    }

    private (int Status, JsonNode? Body) Answer(HttpRequest request, string[] path, IFormCollection form)
    {
        lock (_lock)
        {
            return (request.Method, path) switch
            {
                ("GET", ["v1", "Services", Service, "Environments"]) => (200, Page(request, "environments", [EnvironmentObject()])),
                ("GET", ["v1", "Services", Service, "Environments", Environment, "Variables"]) => (200, Page(request, "variables", [.. _variables.Select(Show)])),
                ("POST", ["v1", "Services", Service, "Environments", Environment, "Variables"]) => Create(form["Key"].ToString(), form["Value"].ToString()),
                (_, ["v1", "Services", Service, "Environments", Environment, "Variables", var sid]) => One(request.Method, sid, form),
                _ => Missing(request),
            };
        }
    }

    private (int Status, JsonNode? Body) Create(string key, string value)
    {
        if (Wrong(key, value) is { } wrong)
        {
            return wrong;
        }

        if (_variables.Exists(v => v.Key == key))
        {
            return Error(409, 20409, "Variable already exists");
        }

        _variables.Add((NewSid(), key, value));
        return (201, Show(_variables[^1]));
    }

    private (int Status, JsonNode? Body) One(string method, string sid, IFormCollection form)
    {
        var at = _variables.FindIndex(v => v.Sid == sid);
        if (at < 0)
        {
            return Error(404, 20404, $"The requested resource /Variables/{sid} was not found");
        }

        switch (method)
        {
            case "GET":
                return (200, Show(_variables[at]));
            case "DELETE":
                _variables.RemoveAt(at);
                return (204, null);
            default:
                if (Wrong(_variables[at].Key, form["Value"].ToString()) is { } wrong)
                {
                    return wrong;
                }

                _variables[at] = _variables[at] with { Value = form["Value"].ToString() };
                return (200, Show(_variables[at]));
        }
    }

    private static (int Status, JsonNode? Body)? Wrong(string key, string value) =>
        key.Length is 0 or > 128 ? Error(400, 20001, "Key is not valid") : Encoding.UTF8.GetByteCount(value) is 0 or > 450 ? Error(400, 20001, "Value is not valid") : null;

    private static (int Status, JsonNode? Body) Missing(HttpRequest request) => Error(404, 20404, $"The requested resource {request.Path} was not found");

    private static (int Status, JsonNode? Body) Error(int status, int code, string message) => (status, new JsonObject
    {
        ["code"] = code,
        ["message"] = message,
        ["more_info"] = $"https://www.twilio.com/docs/errors/{code}",
        ["status"] = status,
    });

    /// <summary>A page says where the next one is by an absolute address at Twilio's own host.</summary>
    private static JsonObject Page(HttpRequest request, string name, JsonNode[] all)
    {
        var size = Math.Min(int.Parse(request.Query["PageSize"].FirstOrDefault() ?? "50", CultureInfo.InvariantCulture), 2);
        var page = int.Parse(request.Query["Page"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        string Address(int number) => $"https://serverless.twilio.com{request.Path}?PageSize={size}&Page={number}&PageToken=PT{number}";
        return new()
        {
            [name] = new JsonArray([.. all.Skip(page * size).Take(size)]),
            ["meta"] = new JsonObject
            {
                ["first_page_url"] = Address(0),
                ["key"] = name,
                ["next_page_url"] = (page + 1) * size < all.Length ? Address(page + 1) : null,
                ["page"] = page,
                ["page_size"] = size,
                ["previous_page_url"] = page > 0 ? Address(page - 1) : null,
                ["url"] = Address(page),
            },
        };
    }

    private static JsonObject EnvironmentObject() => new()
    {
        ["sid"] = Environment,
        ["account_sid"] = null,
        ["service_sid"] = Service,
        ["build_sid"] = null,
        ["unique_name"] = "production",
        ["domain_suffix"] = null,
        ["domain_name"] = "billing-1234.twil.io",
        ["date_created"] = "2026-01-01T00:00:00Z",
        ["date_updated"] = "2026-01-01T00:00:00Z",
        ["url"] = null,
        ["links"] = new JsonObject(),
    };

    private static JsonObject Show((string Sid, string Key, string Value) variable) => new()
    {
        ["sid"] = variable.Sid,
        ["account_sid"] = null,
        ["service_sid"] = Service,
        ["environment_sid"] = Environment,
        ["key"] = variable.Key,
        ["value"] = variable.Value,
        ["date_created"] = "2026-01-01T00:00:00Z",
        ["date_updated"] = "2026-01-01T00:00:00Z",
        ["url"] = $"https://serverless.twilio.com/v1/Services/{Service}/Environments/{Environment}/Variables/{variable.Sid}",
    };
}
