using System.Collections.Concurrent;
using Microsoft.Playwright;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests;

/// <summary>
/// A running server, and windows of a browser that look at its console. What a window reports as an error (a script's, or a violation of the
/// content security policy) fails the test at its end.
/// </summary>
public sealed class ConsoleSite : IAsyncDisposable
{
    /// <summary>The password of every user that the kit adds.</summary>
    public const string Password = "three quiet otters";

    private readonly Chromium _chromium;
    private readonly List<IBrowserContext> _contexts = [];
    private readonly ConcurrentQueue<string> _complaints = [];

    private ConsoleSite(Chromium chromium, TestTandem server) => (_chromium, Server) = (chromium, server);

    /// <summary>The server, with its first account.</summary>
    public TestTandem Server { get; }

    /// <summary>What a browser reports and is meant to: set by a test that provokes it.</summary>
    public bool MayComplain { get; set; }

    /// <summary>Starts a server that nobody can sign in to yet.</summary>
    public static async Task<ConsoleSite> StartAsync(Chromium chromium, TestTandemSettings? settings = null) => new(chromium, await TestTandem.StartAsync(settings));

    /// <summary>An address of the console.</summary>
    public string At(string path) => new Uri(Server.Address, path).AbsoluteUri;

    /// <summary>Opens a window of its own: no cookies, nothing kept from others.</summary>
    public async Task<IPage> OpenAsync(BrowserNewContextOptions? options = null)
    {
        options ??= new();
        options.BaseURL = Server.Address.AbsoluteUri;
        var context = await _chromium.Browser.NewContextAsync(options);
        context.SetDefaultTimeout(Chromium.Patience);
        _contexts.Add(context);
        var page = await context.NewPageAsync();
        page.Console += (_, message) => Keep(message.Type, message.Text);
        page.PageError += (_, error) => Keep("error", error);
        return page;
    }

    /// <summary>Adds a user as <c>tandem user add</c> does, with <see cref="Password"/>.</summary>
    public async Task AddUserAsync(string name, string role = "administrator")
    {
        using var client = TandemClient.OverSocket(AdminSocket.PathIn(Server.DataDirectory));
        await client.AddUserAsync(new() { Name = name, Role = role, Password = Password });
    }

    /// <summary>Opens a window in which a new user has signed in, and looks at the accounts.</summary>
    public async Task<IPage> SignedInAsync(string name = "ada", string role = "administrator", BrowserNewContextOptions? options = null)
    {
        await AddUserAsync(name, role);
        var page = await OpenAsync(options);
        await page.GotoAsync("/");
        await SignInAsync(page, name);
        await Assertions.Expect(page).ToHaveURLAsync(At("/accounts"));
        return page;
    }

    /// <summary>Fills in the sign-in page that a window is at.</summary>
    public static async Task SignInAsync(IPage page, string name, string password = Password)
    {
        ArgumentNullException.ThrowIfNull(page);
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Password").FillAsync(password);
        await page.ClickButtonAsync("Sign in");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in _contexts)
        {
            await context.DisposeAsync();
        }

        await Server.DisposeAsync();
        Assert.True(MayComplain || _complaints.IsEmpty, string.Join(Environment.NewLine, _complaints));
    }

    private void Keep(string type, string text)
    {
        // A status of 400 and above is what a test asks for; the browser notes it as an error of its own.
        if (type is "error" or "warning" && !text.Contains("the server responded with a status of", StringComparison.Ordinal))
        {
            _complaints.Enqueue(text);
        }
    }
}
