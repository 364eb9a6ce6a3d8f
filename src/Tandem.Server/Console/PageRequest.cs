using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using RazorSlices;

namespace Tandem.Server.Console;

/// <summary>One request for a page: who asks, what was posted, and how it is answered.</summary>
internal sealed class PageRequest(HttpContext http)
{
    private readonly Visitor _visitor = http.Features.GetRequiredFeature<Visitor>();

    /// <summary>The request itself.</summary>
    public HttpContext Http { get; } = http;

    /// <summary>When it came.</summary>
    public DateTimeOffset Now { get; } = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    /// <summary>The session and its user.</summary>
    /// <exception cref="InvalidOperationException">Nobody has signed in; only on pages that are open to anybody.</exception>
    public SignedIn SignedIn => _visitor.SignedIn ?? throw new InvalidOperationException("Nobody has signed in.");

    /// <summary>Whether somebody has signed in.</summary>
    public bool IsSignedIn => _visitor.SignedIn is not null;

    /// <summary>Whether the browser came with a session that has ended.</summary>
    public bool HadSession => _visitor.HadSession;

    /// <summary>Where a change comes from, for its audit entry.</summary>
    public ChangeContext Context => new(RequestSource.Of(Http), Http.TraceIdentifier);

    /// <summary>The user as the domain knows whoever asks for a change; the role is looked up again in the change's transaction.</summary>
    /// <param name="needed">The least role that may ask for it.</param>
    public Caller Caller(UserRole needed) => Tandem.Caller.With(SignedIn, needed);

    /// <summary>Whether the user's role is enough.</summary>
    public bool May(UserRole needed) => _visitor.SignedIn?.User.Role >= needed;

    /// <summary>A part of the server.</summary>
    public T Get<T>()
        where T : notnull => Http.RequestServices.GetRequiredService<T>();

    /// <summary>A field of the posted form, without the blanks around it; empty when it was not sent.</summary>
    public string Field(string name) => Secret(name).Trim();

    /// <summary>The same as it was typed, for passwords.</summary>
    public string Secret(string name) => Http.Request.HasFormContentType ? Http.Request.Form[name].ToString() : "";

    /// <summary>A part of the path.</summary>
    public string Route(string name) => Http.Request.RouteValues[name] as string ?? "";

    /// <summary>Where the console is, as people outside reach it: <c>https://host</c>.</summary>
    public string Origin => Get<TandemOptions>().PublicUrl?.GetLeftPart(UriPartial.Authority) ?? $"{Http.Request.Scheme}://{Http.Request.Host.ToUriComponent()}";

    /// <summary>Goes on as whoever has just proved who they are.</summary>
    public void Become(SessionBegun begun) => _visitor.Become(Http, begun);

    /// <summary>What was asked for is durable: from here on no answer says that it failed.</summary>
    public void Committed() => Http.Features.Set(Server.Committed.Mark);

    /// <summary>Answers with a page.</summary>
    public async Task ShowAsync<TModel>(RazorSlice<TModel> page, int status = StatusCodes.Status200OK)
        where TModel : PageModel
    {
        page.Model.Frame = Frame();
        using var body = new MemoryStream();
        var writer = PipeWriter.Create(body, new(leaveOpen: true));
        await page.RenderAsync(writer, Parts.Encoder, CancellationToken.None); // whole, before the first byte is sent: a fault on the way is a page too
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

    /// <summary>Answers what came of a change: with what <paramref name="done"/> shows, or with the refusal.</summary>
    public Task AnswerAsync<T>(Outcome<T> outcome, Func<T, Task> done)
        where T : class
    {
        if (outcome.Is(out var value, out var refusal))
        {
            Committed();
            return done(value);
        }

        return refusal == ErrorKind.SessionEnded ? SignInPage.SendThereAsync(this) : ErrorPage.WriteAsync(Http, refusal);
    }

    /// <summary>Answers with the page of an error.</summary>
    public Task FailAsync(int status) => ErrorPage.WriteAsync(Http, status);

    /// <summary>Answers a POST: the browser goes on to another page with a GET, so that going back or reloading repeats nothing.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="note">What the next page says first; null for nothing.</param>
    public Task GoToAsync(string path, Note? note = null)
    {
        if (note is not null)
        {
            NoteCookie.Write(Http, note);
        }

        Http.Response.StatusCode = StatusCodes.Status303SeeOther;
        Http.Response.Headers.Location = path;
        Http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private Frame Frame() => new()
    {
        Now = Now,
        Path = Http.Request.Path.Value ?? "/",
        FormToken = new(() => Console.FormToken.Create(this), LazyThreadSafetyMode.None),
        User = _visitor.SignedIn?.User,
        Nav = ConsoleRoutes.NavOf(_visitor.SignedIn?.User.Role),
        Note = NoteCookie.Take(Http),
        Alarms = IsSignedIn ? Get<Alarms>().Up() : [],
    };
}
