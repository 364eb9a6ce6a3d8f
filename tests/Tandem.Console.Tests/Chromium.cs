using Microsoft.Playwright;
using Tandem.Console.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace Tandem.Console.Tests;

/// <summary>Debian's Chromium, started once for all tests. Each test has contexts of its own in it, which share nothing.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>How long a page may take for anything, in milliseconds: CI's machine does much else meanwhile.</summary>
    public const float Patience = 20_000;

    private IPlaywright? _playwright;

    /// <summary>The browser.</summary>
    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Headless = true,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
