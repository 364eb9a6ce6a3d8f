using System.CommandLine;
using System.Runtime.CompilerServices;
using Tandem.Rotations;
using Tandem.Server;

namespace Tandem.Cli.Doctor;

/// <summary>What a rotation would use: the plan, files with tokens in them and who may read those; and rotations that were begun and not ended.</summary>
internal sealed class RotationsCheckup(RotateOptions options, ParseResult parsed) : ICheckup
{
    private const UnixFileMode OthersRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var finding in Unfinished())
        {
            yield return finding;
        }

        var (settings, problem) = Read();
        if (problem is not null)
        {
            yield return Finding.Fail("rotation", problem, "tandem config validate");
        }

        if (settings?.PlanSource.Value is { } plan)
        {
            yield return Finding.Ok("plan", $"{plan} ({settings.PlanSource.Source}), with {settings.Destinations.Count} destination{(settings.Destinations.Count == 1 ? "" : "s")}.");
        }

        foreach (var destination in (settings?.Destinations ?? []).Where(d => d.Type is "dotenv"))
        {
            var found = await destination.InspectAsync(null, cancel);
            foreach (var finding in found.Problems.Select(p => Finding.Fail("env file", p, "tandem destination test")).Concat(found.Warnings.Select(w => Finding.Warn("env file", w, "tandem destination test"))))
            {
                yield return finding;
            }
        }

        foreach (var file in TokenFiles(settings))
        {
            var mode = File.GetUnixFileMode(file);
            yield return (mode & OthersRead) != UnixFileMode.None
                ? Finding.Warn("token file", $"{file} holds a token and has mode {FilesCheckup.Octal(mode)}: others may read it.", $"chmod 600 {Shell.Quote(file)}, or group-readable for the program that needs it, and rotate if others have read it")
                : Finding.Ok("token file", $"{file}, mode {FilesCheckup.Octal(mode)}.");
        }
    }

    private IEnumerable<Finding> Unfinished()
    {
        var path = RotateSettings.StateOf(parsed.GetValue(options.State)).Value!;
        if (!Directory.Exists(path))
        {
            yield return Finding.Ok("rotations", "none was ever begun by this user.");
            yield break;
        }

        IReadOnlyList<RotationState> all = [];
        string? problem = null;
        try
        {
            all = new StateDirectory(path).List();
        }
        catch (Exception e) when (e is RotationException or IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }

        if (problem is not null)
        {
            yield return Finding.Fail("rotations", problem, "tandem rotate status");
        }

        var mode = File.GetUnixFileMode(path);
        if ((mode & (OthersRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None)
        {
            yield return Finding.Fail("rotations", $"{path} has mode {FilesCheckup.Octal(mode)}, and sealed tokens lie beside their key in it.", $"chmod 700 {Shell.Quote(path)}");
        }

        foreach (var state in all)
        {
            yield return Finding.Warn(
                "rotations",
                $"one of {state.AccountSid} at {state.Target}, begun {Print.Time(state.Started)} by {state.StartedBy}, stopped in {state.Step.ToString().ToLowerInvariant()}. Nothing is broken meanwhile, and two tokens may work.",
                "tandem rotate goes on, tandem rotate abort goes back");
        }

        if (all.Count == 0 && problem is null)
        {
            yield return Finding.Ok("rotations", "none is unfinished.");
        }
    }

    private (RotateSettings? Settings, string? Problem) Read()
    {
        try
        {
            return (new(options, parsed), null);
        }
        catch (Exception e) when (e is CommandException or RotationException)
        {
            return (null, e.Message);
        }
    }

    private static IEnumerable<string> TokenFiles(RotateSettings? settings) =>
        new[] { Environment.GetEnvironmentVariable("TWILIO_AUTH_TOKEN_FILE"), Environment.GetEnvironmentVariable("TANDEM_BOOTSTRAP_AUTH_TOKEN_FILE"), settings?.Plan.TokenFile, HoldsToken(".env") ? ".env" : null }
            .Concat((settings?.Destinations ?? []).Where(d => d.Type is "dotenv").Select(d => d.Name))
            .OfType<string>().Where(f => f.Length > 0 && File.Exists(f)).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal);

    private static bool HoldsToken(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadLines(path).Any(line => line.Contains("TWILIO_AUTH_TOKEN", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
