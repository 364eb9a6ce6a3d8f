using System.Diagnostics;

namespace Tandem.Testing;

/// <summary>Polling with a limit.</summary>
public static class Until
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? limit = null)
    {
        for (var watch = Stopwatch.StartNew(); !await condition();)
        {
            if (watch.Elapsed > (limit ?? Limit))
            {
                throw new TimeoutException("What was waited for did not come about.");
            }

            await Task.Delay(10);
        }
    }
}
