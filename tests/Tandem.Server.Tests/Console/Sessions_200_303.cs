using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

public sealed class Sessions_200_303
{
    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_made_up_cookie_is_nobody(string value)
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = new ConsoleClient(tandem);
        var answer = await client.GetAsync("/accounts", r => r.With("Cookie", $"tandem={value}"));
        Assert.Equal((303, "/sign-in?to=%2Faccounts"), (answer.Status, answer.Header("Location")));
    }

    [Fact]
    public async Task The_id_that_the_store_holds_and_pages_show_is_no_cookie()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        using var other = new ConsoleClient(tandem);
        await other.SignInAsync("ada");
        var page = (await client.GetAsync("/me")).Body;
        var id = System.Text.RegularExpressions.Regex.Match(page, "name=\"session\" value=\"([0-9a-f]{64})\"").Groups[1].Value;
        Assert.Equal(64, id.Length);
        using var thief = new ConsoleClient(tandem);
        Assert.Equal(303, (await thief.GetAsync("/accounts", r => r.With("Cookie", $"tandem={id}"))).Status);
    }

    [Fact]
    public async Task Each_sign_in_has_a_secret_of_its_own_of_256_bits()
    {
        await using var tandem = await TestTandem.StartAsync();
        await ConsoleClient.AddUserAsync(tandem, "ada");
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        using var client = new ConsoleClient(tandem);
        client.Cookies.Add(tandem.Address, new System.Net.Cookie("tandem", new string('A', 43))); // planted before the sign-in
        for (var i = 0; i < 4; i++)
        {
            await client.SignInAsync("ada");
            secrets.Add(client.Cookies.GetAllCookies().Single(c => c.Name == "tandem").Value);
        }

        Assert.Equal(4, secrets.Count);
        Assert.All(secrets, s => Assert.Matches("^[A-Za-z0-9_-]{43}$", s));
        Assert.DoesNotContain(new string('A', 43), secrets);
    }

    [Fact]
    public async Task Nobody_ends_a_session_of_somebody_else()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var ada = await ConsoleClient.SignedInAsync(tandem);
        using var phone = new ConsoleClient(tandem);
        await phone.SignInAsync("ada");
        using var eve = await ConsoleClient.SignedInAsync(tandem, "eve", UserRole.Operator);
        var id = System.Text.RegularExpressions.Regex.Match((await ada.GetAsync("/me")).Body, "name=\"session\" value=\"([0-9a-f]{64})\"").Groups[1].Value;
        Assert.Equal(303, (await eve.PostAsync("/me/sessions/end", "/me", ("session", id))).Status);
        Assert.Equal(200, (await phone.GetAsync("/me")).Status);
        Assert.Equal(400, (await eve.PostAsync("/me/sessions/end", "/me", ("session", "../x"))).Status);
        Assert.Equal(303, (await ada.PostAsync("/me/sessions/end", "/me", ("session", id))).Status);
        Assert.Equal(303, (await phone.GetAsync("/me")).Status);
    }
}
