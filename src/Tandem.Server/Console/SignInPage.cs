namespace Tandem.Server.Console;

/// <summary>What the sign-in page shows.</summary>
/// <param name="Name">What was typed as the name.</param>
/// <param name="To">Where to go on to afterwards.</param>
/// <param name="Wrong">What was wrong; null at first.</param>
public sealed record SignInModel(string Name, string? To, string? Wrong = null) : PageModel("Sign in")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;
}

/// <summary><c>/sign-in</c>.</summary>
internal static class SignInPage
{
    public static Task ShowAsync(PageRequest page) =>
        page.ShowAsync(Pages.SignIn.Create(new("", ConsolePaths.OfOurs(page.Http.Request.Query["to"]))));
}
