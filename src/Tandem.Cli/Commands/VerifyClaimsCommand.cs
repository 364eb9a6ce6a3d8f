using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Tandem.Cli.Claims;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem verify-claims</c>.</summary>
internal static class VerifyClaimsCommand
{
    public static Command Create()
    {
        var command = new Command("verify-claims", "Try on this machine, in two minutes, what Tandem promises. Uses servers of its own in temporary directories, and no account of yours.");
        var format = new Output();
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (failed, told) = (0, format.Of(parsed));
            if (told == OutputFormat.Tsv)
            {
                Print.TabbedLine(["RESULT", "CLAIM", "TRIAL", "FIGURE", "SECONDS"]);
            }

            foreach (var claim in Claim.All)
            {
                var from = Stopwatch.GetTimestamp();
                var verdict = await claim.TryAsync(cancel);
                failed += verdict.Holds ? 0 : 1;
                Tell(told, new(verdict.Holds, claim.Text, claim.Trial, verdict.Figure, Math.Round(Stopwatch.GetElapsedTime(from).TotalSeconds)));
            }

            await Console.Error.WriteLineAsync(
                failed == 0
                    ? $"All {Claim.All.Count} hold here. Power cuts, failing disks and long runs: ./test faults --long, from the sources. What is not claimed: docs/claims.md"
                    : $"{failed} of {Claim.All.Count} do not hold on this machine. Please report what is said above; it holds no token.");
            return failed == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Tell(OutputFormat format, ClaimInfo claim)
    {
        var result = claim.Holds ? "holds" : "BROKEN";
        switch (format)
        {
            case OutputFormat.Json:
                Console.Out.WriteLine(JsonSerializer.Serialize(claim, CliJson.Default.ClaimInfo));
                break;
            case OutputFormat.Tsv:
                Print.TabbedLine([result, claim.Claim, claim.Trial, claim.Figure, $"{claim.Seconds:F0}"]);
                break;
            default:
                Console.Out.WriteLine($"{result}  {claim.Claim}.");
                Console.Out.WriteLine($"       {claim.Trial}: {claim.Figure} ({claim.Seconds:F0} s)");
                break;
        }
    }
}
