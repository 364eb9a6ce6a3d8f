using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Console;

/// <summary>Who a request of the console comes from; among the request's features.</summary>
internal sealed class Visitor
{
    /// <summary>The session and its user; null for who has not signed in.</summary>
    public SignedIn? SignedIn { get; private set; }

    /// <summary>Whether the browser came with a session that is none any more.</summary>
    public bool HadSession { get; private set; }

    /// <summary>Looks the session up, for every page and every error of the console.</summary>
    public static async Task LoadAsync(HttpContext http, RequestDelegate next)
    {
        var visitor = new Visitor();
        http.Features.Set(visitor);
        if (ConsoleCookies.Read(http, ConsoleCookies.Session) is { Length: > 0 and < 100 } secret)
        {
            await visitor.FindAsync(http, secret);
        }

        await next(http);
    }

    /// <summary>Goes on as this one: after a sign-in, or after a new proof.</summary>
    public void Become(HttpContext http, SessionBegun begun)
    {
        ConsoleCookies.Write(http, ConsoleCookies.Session, begun.Secret);
        SignedIn = begun.SignedIn;
    }

    private async Task FindAsync(HttpContext http, string secret)
    {
        var services = http.RequestServices;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var found = await services.GetRequiredService<IUserStore>().FindSessionAsync(OneTimeSecret.Hash(secret), http.RequestAborted);
        if (found?.Session.IsAlive(now) != true)
        {
            HadSession = true;
            return;
        }

        if (SteadyTime.Apart(now, found.Session.LastSeen) >= Session.SeenEvery && !LiveStream.IsByItself(http.Request)) // a page left open does not keep a session alive
        {
            await services.GetRequiredService<Sessions>().SeenAsync(found.Session, now); // should it fail, the session runs out sooner
        }

        SignedIn = found;
    }
}
