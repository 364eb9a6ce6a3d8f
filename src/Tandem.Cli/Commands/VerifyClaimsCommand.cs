using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tandem.Cli.Claims;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem verify-claims</c>.</summary>
internal static class VerifyClaimsCommand
{
    public static Command Create()
    {
        var command = new Command("verify-claims", "Try on this machine, in a minute or two, what Tandem promises. Uses servers of its own in temporary directories, and no account of yours.");
        var output = new Output();
        output.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (format, failed) = (output.Of(parsed), 0);
            if (format == OutputFormat.Tsv)
            {
                Print.TabbedLine(["HOLDS", "CLAIM", "TRIAL", "FIGURE", "SECONDS"]);
            }

            foreach (var claim in Claim.All)
            {
                var from = Stopwatch.GetTimestamp();
                var result = await claim.TryAsync(cancel);
                failed += result.Holds ? 0 : 1;
                Show(format, new(claim.Text, claim.Trial, result.Holds, result.Figure, Math.Round(Stopwatch.GetElapsedTime(from).TotalSeconds, 1)));
            }

            await Console.Error.WriteLineAsync(
                failed == 0
                    ? $"All {Claim.All.Count} hold here. Power cuts, failing disks and long runs: ./test faults --long, from the sources. What is not claimed: docs/claims.md"
                    : $"{failed} of {Claim.All.Count} do not hold on this machine. Please report what is said above; it holds no token.");
            return failed == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Show(OutputFormat format, ClaimInfo claim)
    {
        var seconds = claim.Seconds.ToString("0.0", CultureInfo.InvariantCulture);
        switch (format)
        {
            case OutputFormat.Json:
                Console.Out.WriteLine(JsonSerializer.Serialize(claim, CliJson.Default.ClaimInfo));
                break;
            case OutputFormat.Tsv:
                Print.TabbedLine([claim.Holds ? "yes" : "no", claim.Claim, claim.Trial, claim.Figure, seconds]);
                break;
            default:
                Console.Out.WriteLine($"{(claim.Holds ? "holds" : "BROKEN")}  {claim.Claim}.\n       {claim.Trial}: {claim.Figure} ({seconds} s)");
                break;
        }
    }
}
