using Microsoft.AspNetCore.Http;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the page shows that asks again who is there.</summary>
/// <param name="Action">Where the form goes: to what it was sent for.</param>
/// <param name="Fields">What was sent, to be sent again.</param>
/// <param name="WithCode">Whether the user has a second factor.</param>
/// <param name="Wrong">What was wrong; null at first.</param>
public sealed record ProveModel(string Action, IReadOnlyList<KeyValuePair<string, string>> Fields, bool WithCode, string? Wrong)
    : PageModel("Is it still you?")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary>
/// Stands before what cannot be undone. The form that was sent is not lost: its fields go into this page, and with the password the browser sends
/// them again to where they were meant for. So no field of such a form may hold a secret.
/// </summary>
internal static class ProvePage
{
    public const string Password = "prove-password";
    public const string Code = "prove-code";

    /// <summary>True to go on with what was asked for; else the question has been answered with.</summary>
    public static async Task<bool> PassAsync(PageRequest page)
    {
        if (page.SignedIn.Session.IsFresh(page.Now))
        {
            return true;
        }

        var password = page.Secret(Password);
        if (password.Length == 0)
        {
            await AskAsync(page, null);
            return false;
        }

        var user = page.SignedIn.User;
        var result = await page.Get<SignIn>().ProveAsync(
            KnownBrowser.Attempt(page, user.Name), password, page.Field(Code), page.Context, page.Http.RequestAborted);
        if (result.Proof is not { } proof)
        {
            await AskAsync(page, SignInPage.Explain(page, result, user.Factor is null ? "This is not your password." : "Password or code is not right."), SignInPage.StatusOf(result));
            return false;
        }

        var outcome = await page.Get<Sessions>().RenewAsync(page.SignedIn, proof, page.Context);
        if (!outcome.Is(out var renewed, out var refusal))
        {
            await (refusal == ErrorKind.Unavailable ? page.FailAsync(StatusCodes.Status503ServiceUnavailable) : SignInPage.SendThereAsync(page));
            return false;
        }

        page.Become(renewed);
        return true;
    }

    private static Task AskAsync(PageRequest page, string? wrong, int status = StatusCodes.Status200OK)
    {
        var request = page.Http.Request;
        var fields = request.Form
            .Where(f => f.Key is not (FormToken.Field or Password or Code))
            .SelectMany(f => f.Value.Select(v => KeyValuePair.Create(f.Key, v ?? "")))
            .ToList();
        return page.ShowAsync(
            Pages.Prove.Create(new(request.Path + request.QueryString, fields, page.SignedIn.User.Factor is not null, wrong)), status);
    }
}
