using Microsoft.Playwright;

namespace Tandem.Console.Tests;

/// <summary>
/// What somebody does on a page to come to the next one. Each step ends when the next page is there: what a test then asks, of the page or of the
/// server, it would otherwise ask too early whenever the machine is busy.
/// </summary>
internal static class Steps
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(Chromium.Patience);

    /// <summary>Presses a button that leads to a page, the same one maybe.</summary>
    public static Task ClickButtonAsync(this IPage page, string name) => page.FollowAsync(page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }));

    /// <summary>Follows a link.</summary>
    public static Task FollowLinkAsync(this IPage page, string name) => page.FollowAsync(page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }));

    /// <summary>Clicks at what leads to a page.</summary>
    public static Task FollowAsync(this IPage page, ILocator link) => page.LeaveAsync(() => link.ClickAsync());

    /// <summary>Presses a key that leads to a page.</summary>
    public static Task PressToFollowAsync(this IPage page, string key) => page.LeaveAsync(() => page.Keyboard.PressAsync(key));

    private static async Task LeaveAsync(this IPage page, Func<Task> act)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.FrameNavigated += Note;
        try
        {
            await act();
            await left.Task.WaitAsync(Patience);
        }
        finally
        {
            page.FrameNavigated -= Note;
        }

        await page.WaitForLoadStateAsync();

        void Note(object? sender, IFrame frame)
        {
            if (frame == page.MainFrame)
            {
                left.TrySetResult();
            }
        }
    }
}
