using System.Text;
using QRCoder;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the page shows that sets a second factor up.</summary>
/// <param name="Secret">The secret, for who types it.</param>
/// <param name="Uri">The same as the address that apps read.</param>
/// <param name="QrPath">The same as the outline of a QR code, for an SVG path.</param>
/// <param name="QrSize">The modules on a side of it.</param>
/// <param name="Ticket">The same, sealed, to come back with the code.</param>
/// <param name="Wrong">What was wrong; null at first.</param>
public sealed record SecondFactorModel(string Secret, string Uri, string QrPath, int QrSize, string Ticket, string? Wrong)
    : PageModel("Set up a second factor")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;

    /// <summary>Without the secret.</summary>
    public override string ToString() => nameof(SecondFactorModel);
}

/// <summary>What the page shows that hands over recovery codes.</summary>
/// <param name="Codes">The codes, shown this once.</param>
/// <param name="IsNew">Whether the second factor was set up just now.</param>
public sealed record RecoveryCodesModel(IReadOnlyList<string> Codes, bool IsNew) : PageModel("Your recovery codes")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;

    /// <summary>Without the codes.</summary>
    public override string ToString() => nameof(RecoveryCodesModel);
}

/// <summary><c>/me/second-factor</c> and what belongs to it. Each step is a POST after a fresh proof, so that no secret is behind an address.</summary>
internal static class SecondFactorPage
{
    public const string Path = "/me/second-factor";

    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(15);

    public static Task BeginAsync(PageRequest page)
    {
        var secret = SecondFactors.CreateSecret();
        return ShowAsync(page, secret, Ticket.Create(page, PurposeFor(page), Convert.ToHexStringLower(secret)), null);
    }

    public static async Task ConfirmAsync(PageRequest page)
    {
        if (SecretOf(page, page.Field("ticket")) is not { } secret)
        {
            await page.GoToAsync(MePage.Path, Note.Warn("That took too long, so nothing was changed. Begin again."));
            return;
        }

        var user = page.SignedIn.User;
        if (page.Get<SecondFactors>().Confirm(user.Name, secret, page.Field("code")) is not { } made)
        {
            await ShowAsync(page, secret, page.Field("ticket"), "This is not the code that the app shows now. Is the clock of the device right?");
            return;
        }

        var outcome = await page.Get<Users>().SetFactorAsync(page.Caller(UserRole.Viewer), user.Name, made.Factor, page.Context);
        await page.AnswerAsync(outcome, _ => page.ShowAsync(Pages.RecoveryCodes.Create(new(made.RecoveryCodes, IsNew: true))));
    }

    public static async Task RemoveAsync(PageRequest page)
    {
        var outcome = await page.Get<Users>().SetFactorAsync(page.Caller(UserRole.Viewer), page.SignedIn.User.Name, null, page.Context);
        await page.AnswerAsync(outcome, _ => page.GoToAsync(MePage.Path, Note.Done("Your second factor is removed. The password alone signs you in now.")));
    }

    public static async Task RenewCodesAsync(PageRequest page)
    {
        var name = page.SignedIn.User.Name;
        var (codes, digests) = page.Get<SecondFactors>().CreateRecoveryCodes(name);
        var outcome = await page.Get<Users>().SetRecoveryCodesAsync(page.Caller(UserRole.Viewer), name, digests, page.Context);
        await page.AnswerAsync(outcome, _ => page.ShowAsync(Pages.RecoveryCodes.Create(new(codes, IsNew: false))));
    }

    private static Task ShowAsync(PageRequest page, byte[] secret, string ticket, string? wrong)
    {
        var uri = Totp.Uri(secret, page.SignedIn.User.Name, $"Tandem {page.Http.Request.Host.Host}");
        var (path, size) = Outline(uri);
        var typed = string.Join(' ', Totp.ToBase32(secret).Chunk(4).Select(static four => new string(four)));
        return page.ShowAsync(Pages.SecondFactor.Create(new(typed, uri, path, size, ticket, wrong)));
    }

    private static byte[]? SecretOf(PageRequest page, string ticket) =>
        Ticket.Read(page, PurposeFor(page), ticket, Lasts) is { } secret ? Convert.FromHexString(secret) : null;

    /// <summary>One square for each dark module.</summary>
    private static (string Path, int Size) Outline(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        for (var y = 0; y < code.ModuleMatrix.Count; y++)
        {
            for (var x = 0; x < code.ModuleMatrix.Count; x++)
            {
                if (code.ModuleMatrix[y][x])
                {
                    path.Append(System.Globalization.CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
                }
            }
        }

        return (path.ToString(), code.ModuleMatrix.Count);
    }

    private static string PurposeFor(PageRequest page) => $"new second factor\0{page.SignedIn.User.Name}";
}
