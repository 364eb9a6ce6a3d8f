using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Tandem.Rotations.Tests;

/// <summary>A web server that answers each request as a test says, however wrong that is.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HostileServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.Listen(IPAddress.Loopback, 0);
            o.Limits.MinResponseDataRate = null;
        });
        _app = builder.Build();
        _app.Run(async context =>
        {
            Asked.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            Credentials.Enqueue(context.Request.Headers.Authorization.ToString());
            try
            {
                await Answer(context);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The client has had enough.
            }
        });
    }

    public Uri Url => new(_app.Urls.Single());

    /// <summary>What is answered.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = Json("{}");

    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>The <c>Authorization</c> of each request.</summary>
    public ConcurrentQueue<string> Credentials { get; } = new();

    public static async Task<HostileServer> StartAsync()
    {
        var server = new HostileServer();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Answers everything with this.</summary>
    public static Func<HttpContext, Task> Json(string body, int status = 200) => Bytes(Encoding.UTF8.GetBytes(body), status);

    /// <summary>Answers everything with these bytes and headers.</summary>
    public static Func<HttpContext, Task> Bytes(byte[] body, int status = 200, params (string Name, string Value)[] headers) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
