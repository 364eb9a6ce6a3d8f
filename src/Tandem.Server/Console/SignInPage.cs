using Microsoft.AspNetCore.Http;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the sign-in page shows.</summary>
/// <param name="Name">What was typed as the name.</param>
/// <param name="To">Where to go on to afterwards.</param>
/// <param name="Wrong">What was wrong; null at first.</param>
/// <param name="NobodyYet">Whether there is no user who could sign in.</param>
public sealed record SignInModel(string Name, string? To, string? Wrong = null, bool NobodyYet = false) : PageModel("Sign in")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary>What the page for the second factor shows.</summary>
/// <param name="Ticket">That the password was right, sealed.</param>
/// <param name="To">Where to go on to afterwards.</param>
/// <param name="Wrong">What was wrong; null at first.</param>
public sealed record SignInCodeModel(string Ticket, string? To, string? Wrong = null) : PageModel("Second factor")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary><c>/sign-in</c> and <c>/sign-out</c>.</summary>
internal static class SignInPage
{
    public static async Task ShowAsync(PageRequest page)
    {
        var to = ConsolePaths.OfOurs(page.Http.Request.Query["to"]);
        if (page.IsSignedIn)
        {
            await page.GoToAsync(to ?? ConsolePaths.Accounts);
            return;
        }

        var nobodyYet = (await page.Get<IUserStore>().ListUsersAsync(page.Http.RequestAborted)).Count == 0;
        await page.ShowAsync(Pages.SignIn.Create(new("", to, NobodyYet: nobodyYet)));
    }

    /// <summary>Sends who has not signed in to the sign-in page, and from there back to what was asked for.</summary>
    public static Task SendThereAsync(PageRequest page)
    {
        var request = page.Http.Request;
        if (HttpMethods.IsPost(request.Method))
        {
            // A form cannot be come back to, but the page that it was on can.
            var from = Uri.TryCreate(request.Headers.Referer, UriKind.Absolute, out var referer) ? ConsolePaths.OfOurs(referer.PathAndQuery) : null;
            return page.GoToAsync(
                from is null ? ConsolePaths.SignIn : $"{ConsolePaths.SignIn}?to={Uri.EscapeDataString(from)}",
                Note.Warn("Your session had ended, so nothing was changed. Sign in, then do it again."));
        }

        // A link on another site: the browser keeps our cookies back, so it looks like nobody. Coming from here they are sent along.
        if (!page.HadSession && request.Headers["Sec-Fetch-Site"] == "cross-site")
        {
            return page.ShowAsync(Pages.Arrive.Create(new(request.Path + request.QueryString)));
        }

        return page.GoToAsync(
            $"{ConsolePaths.SignIn}?to={Uri.EscapeDataString(request.Path + request.QueryString)}",
            page.HadSession ? Note.Warn("Your session has ended. Sign in to go on.") : null);
    }

    public static async Task SignInAsync(PageRequest page)
    {
        var (name, to) = (User.Normalise(page.Field("name")), ConsolePaths.OfOurs(page.Field("to")));
        var attempt = KnownBrowser.Attempt(page, name);
        var result = await page.Get<SignIn>().ProveAsync(attempt, page.Secret("password"), "", page.Context, page.Http.RequestAborted);
        if (result.State == ProofState.CodeNeeded)
        {
            await page.ShowAsync(Pages.SignInCode.Create(new(CodeTicket.Create(page, result.User!), to)));
        }
        else if (result.Proof is { } proof)
        {
            await BeginAsync(page, proof, to);
        }
        else
        {
            await page.ShowAsync(
                Pages.SignIn.Create(new(name, to, Explain(page, result, "This name and this password do not go together."))), StatusOf(result));
        }
    }

    public static async Task SignInWithCodeAsync(PageRequest page)
    {
        var to = ConsolePaths.OfOurs(page.Field("to"));
        if (CodeTicket.Read(page, page.Field("ticket")) is not var (name, password))
        {
            await page.GoToAsync(ConsolePaths.SignIn, Note.Warn("That took too long. Begin again with name and password."));
            return;
        }

        var result = await page.Get<SignIn>().ProveCodeAsync(
            KnownBrowser.Attempt(page, name), password, page.Field("code"), page.Context, page.Http.RequestAborted);
        await (result.Proof is { } proof
            ? BeginAsync(page, proof, to)
            : page.ShowAsync(
                Pages.SignInCode.Create(new(page.Field("ticket"), to, Explain(page, result, "This code is not right, or it was used before."))), StatusOf(result)));
    }

    public static async Task SignOutAsync(PageRequest page)
    {
        await page.Get<Sessions>().EndAsync(page.SignedIn, page.Context);
        ConsoleCookies.Delete(page.Http, ConsoleCookies.Session);
        await page.GoToAsync(ConsolePaths.SignIn, Note.Done("You have signed out."));
    }

    /// <summary>Begins a session, and goes on to the page that was asked for.</summary>
    /// <param name="page">The request.</param>
    /// <param name="proof">Who it is.</param>
    /// <param name="to">The page that was asked for; null for the first one.</param>
    /// <param name="note">What this request has changed already, which is said whether a session begins or not; null for nothing.</param>
    public static async Task BeginAsync(PageRequest page, Proof proof, string? to, Note? note = null)
    {
        var browser = BrowserName.Of(page.Http.Request.Headers.UserAgent.ToString());
        var outcome = await page.Get<Sessions>().BeginAsync(proof, browser, page.Context);
        if (!outcome.Is(out var begun, out var refusal))
        {
            await (refusal == ErrorKind.Unavailable && note is null
                ? page.FailAsync(StatusCodes.Status503ServiceUnavailable)
                : page.GoToAsync(ConsolePaths.SignIn, note ?? Note.Warn("Something has changed meanwhile. Sign in again.")));
            return;
        }

        page.Committed();
        if (page.IsSignedIn)
        {
            await page.Get<Sessions>().EndAsync(page.SignedIn, page.Context); // whoever signs in anew leaves no session behind
        }

        page.Become(begun);
        KnownBrowser.Remember(page, begun.SignedIn.User.Name);
        await page.GoToAsync(to ?? ConsolePaths.Accounts, note);
    }

    /// <summary>What was wrong, in a sentence.</summary>
    public static string Explain(PageRequest page, ProofResult result, string wrong) => result.State switch
    {
        ProofState.Busy => "Too many people are signing in at the moment. Try again in a few seconds.",
        ProofState.TooSoon => $"Too many failed attempts. Try again {Parts.Relative(page.Now + result.Wait, page.Now, soon: "in a few seconds")}.",
        _ when result.Wait > TimeSpan.Zero => $"{wrong} You can try again {Parts.Relative(page.Now + result.Wait, page.Now, soon: "in a few seconds")}.",
        _ => wrong,
    };

    /// <summary>200 for what was looked at, so that browsers keep the page; 429 and 503 for what was not.</summary>
    public static int StatusOf(ProofResult result) => result.State switch
    {
        ProofState.TooSoon => StatusCodes.Status429TooManyRequests,
        ProofState.Busy => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status200OK,
    };
}
