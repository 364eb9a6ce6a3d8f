using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>
/// Takes the pictures that the docs show, in both themes: into <c>artifacts/screenshots</c>, or where <c>TANDEM_SCREENSHOTS</c> says. After a change of
/// the pages: <c>TANDEM_SCREENSHOTS=$PWD/docs/images ./test Console -- --filter-class '*ScreenshotTests'</c>.
/// </summary>
public sealed class ScreenshotTests(Chromium chromium)
{
    [Fact]
    public async Task The_main_pages_show_a_rotation_under_way()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var sid = AccountSid.Parse(stage.Primary.Sid);
        var lifecycle = stage.Site.Server.Services.GetRequiredService<AccountLifecycle>();
        foreach (var name in new[] { "Acme staging", "Globex", "Initech", "Umbrella" })
        {
            (await lifecycle.CreateAsync(Caller.Operator("ada"), null, name, new("192.0.2.7", "RQ"))).Value!.Dispose();
        }

        await lifecycle.UpdateAsync(Caller.Operator("ada"), sid, "Acme production", null, new("192.0.2.7", "RQ"));
        await PlayAsync(stage);
        var page = await stage.Site.SignedInAsync(options: new() { ReducedMotion = ReducedMotion.Reduce });
        var directory = Environment.GetEnvironmentVariable("TANDEM_SCREENSHOTS") is { Length: > 0 } asked ? asked : Path.Combine(Root(), "artifacts", "screenshots");
        Directory.CreateDirectory(directory);
        foreach (var (name, path, height) in new[] { ("accounts", "/accounts", 640), ("account", stage.Account, 1690), ("promote", $"{stage.Account}/promote", 960) })
        {
            await page.SetViewportSizeAsync(1000, height);
            await page.GotoAsync(path);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = scheme });
                var file = Path.Combine(directory, scheme == ColorScheme.Light ? $"{name}-light.png" : $"{name}-dark.png");
                await page.ScreenshotAsync(new() { Path = file, Animations = ScreenshotAnimations.Disabled });
                Assert.InRange(new FileInfo(file).Length, 10_000, 250_000);
            }
        }
    }

    /// <summary>A few months of a primary token, then a rotation that two consumers have not followed yet.</summary>
    private static async Task PlayAsync(Stage stage)
    {
        var time = stage.Time!;
        time.Later(TimeSpan.FromDays(100));
        for (var day = 0; day < 4; day++)
        {
            await stage.CallAsync(stage.Primary, "nightly-report");
            time.Advance(TimeSpan.FromHours(24));
        }

        var secondary = await stage.CreateSecondaryAsync();
        for (var minute = 0; minute < 60; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await stage.CallAsync(minute < 25 ? stage.Primary : secondary, "billing-api");
            await stage.CallAsync(minute < 40 ? stage.Primary : secondary, "sms-worker");
            await stage.CallAsync(minute < 40 ? stage.Primary : secondary, "sms-worker");
            if (minute % 5 == 0)
            {
                await stage.CallAsync(stage.Primary, "legacy-cron");
            }
        }
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Tandem.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not run inside a checkout.");
        }

        return directory.FullName;
    }
}
