using System.IO.Pipelines;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RazorSlices;

namespace Tandem.Server.Console;

/// <summary>One request for a page: who asks, what was posted, and how it is answered.</summary>
internal sealed class PageRequest(HttpContext http)
{
    /// <summary>The request itself.</summary>
    public HttpContext Http { get; } = http;

    /// <summary>When it came.</summary>
    public DateTimeOffset Now { get; } = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    /// <summary>A part of the server.</summary>
    public T Get<T>()
        where T : notnull => Http.RequestServices.GetRequiredService<T>();

    /// <summary>A field of the posted form, without the blanks around it; empty when it was not sent.</summary>
    public string Field(string name) => Http.Request.HasFormContentType ? Http.Request.Form[name].ToString().Trim() : "";

    /// <summary>Answers with a page.</summary>
    public async Task ShowAsync<TModel>(RazorSlice<TModel> page, int status = StatusCodes.Status200OK)
        where TModel : PageModel
    {
        page.Model.Frame = Frame();
        page.HttpContext = Http;
        using var body = new MemoryStream();
        var writer = PipeWriter.Create(body, new(leaveOpen: true));
        await page.RenderAsync(writer, Parts.Encoder, Http.RequestAborted); // whole, before the first byte is sent: a fault on the way is a page too
        await writer.CompleteAsync();
        page.Dispose();
        var response = Http.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(Http.Request.Method))
        {
            await response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), CancellationToken.None);
        }
    }

    /// <summary>Answers a POST: the browser goes on to another page with a GET, so that going back or reloading repeats nothing.</summary>
    public Task GoToAsync(string path)
    {
        Http.Response.StatusCode = StatusCodes.Status303SeeOther;
        Http.Response.Headers.Location = path;
        Http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private Frame Frame() => new()
    {
        Now = Now,
        Path = Http.Request.Path.Value ?? "/",
        FormToken = new(CreateFormToken, LazyThreadSafetyMode.None),
    };

    private string CreateFormToken()
    {
        var token = Get<IAntiforgery>().GetAndStoreTokens(Http).RequestToken!;
        var headers = Http.Response.Headers;
        headers.CacheControl = "no-store"; // of which the framework makes something longer
        headers.Pragma = default;
        return token;
    }
}
