using System.Diagnostics;
using System.Text.RegularExpressions;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>The proof in small that everyone can run.</summary>
public sealed class ClaimsTests
{
    [Fact]
    public async Task Verify_claims_tries_each_claim_and_says_what_it_counted()
    {
        using var process = Process.Start(new ProcessStartInfo(ServerProcess.Program, ["verify-claims"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, end) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var lines = (await said).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(0, process.ExitCode);
        Assert.All(lines.Where((_, i) => i % 2 == 0), line => Assert.StartsWith("holds  ", line, StringComparison.Ordinal));
        Assert.All(lines.Where((_, i) => i % 2 == 1), line => Assert.Matches("[1-9][0-9,]* .* \\([0-9]+\\.[0-9] s\\)$", line));
        Assert.Equal(22, lines.Length);
        Assert.StartsWith("All 11 hold here.", await end, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("[0-9a-f]{32}", RegexOptions.None, TimeSpan.FromSeconds(1)), await said + await end);
    }
}
