using System.Text.Json.Serialization;
using Tandem.Client;
using Tandem.Rotations;
using Tandem.Rotations.Destinations;

namespace Tandem.Cli;

/// <summary>What a rotation would do, as machines read it.</summary>
internal sealed record PreviewInfo(string AccountSid, string AccountName, string At, string TokenFingerprint, IReadOnlyList<DestinationInfo> Destinations, IReadOnlyList<string> Problems);

/// <summary>A destination, and what was found there.</summary>
internal sealed record DestinationInfo(string Type, string Name, IReadOnlyList<string> Changes, IReadOnlyList<string> Warnings, IReadOnlyList<string> Problems);

/// <summary>A setting and where it came from.</summary>
internal sealed record SettingInfo(string Name, string? Value, string Source);

/// <summary>Whether a webhook's signature matches, by which token, or what would have to differ for it to.</summary>
internal sealed record SignatureInfo(bool Valid, string? SignedBy, string? Fingerprint, string? SignedUrl, IReadOnlyList<string> Causes);

/// <summary>A token's fingerprint, and which slot of the account has that one; null when no server was there to say.</summary>
internal sealed record FingerprintInfo(string Fingerprint, string AccountSid, string? Slot, string Source);

/// <summary>How a demonstration ended.</summary>
internal sealed record DemoInfo(int Requests, int Failed, string OldFingerprint, int OldTokenStatus, string NewFingerprint, double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PreviewInfo))]
[JsonSerializable(typeof(IReadOnlyList<DestinationInfo>))]
[JsonSerializable(typeof(IReadOnlyList<SettingInfo>))]
[JsonSerializable(typeof(IReadOnlyList<FleetPreviewInfo>))]
[JsonSerializable(typeof(Claims.ClaimInfo))]
[JsonSerializable(typeof(SignatureInfo))]
[JsonSerializable(typeof(DemoInfo))]
[JsonSerializable(typeof(IReadOnlyList<FingerprintInfo>))]
[JsonSerializable(typeof(IReadOnlyList<Doctor.FindingInfo>))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>Shows what a rotation would do.</summary>
internal static class RotatePreview
{
    public static void Write(OutputFormat format, RotationPreview preview, Issuer issuer, IReadOnlyList<string> problems)
    {
        var destinations = preview.Destinations.Select(d => Describe(d.Destination, d.Found)).ToList();
        if (format != OutputFormat.Table)
        {
            PreviewInfo info = new($"{preview.AccountSid}", preview.AccountName, issuer.Name, preview.Fingerprint, destinations, problems);
            Output.Write(format, info, CliJson.Default.PreviewInfo, Rows(destinations));
            return;
        }

        Console.Out.WriteLine($"account   {WireText.Line(preview.AccountName)}  {preview.AccountSid}   at {issuer.Name}");
        Console.Out.WriteLine($"token     {preview.Fingerprint}, which the last step but one ends");
        if (preview.Unfinished is { } unfinished)
        {
            Console.Out.WriteLine($"unfinished  a rotation that {unfinished.StartedBy} started {Print.Time(unfinished.Started)}, in {unfinished.Step.ToString().ToLowerInvariant()}: tandem rotate goes on with it");
        }

        foreach (var destination in destinations)
        {
            Show(destination);
        }
    }

    public static DestinationInfo Describe(PlannedDestination destination, Inspection found) =>
        new(destination.Type, destination.Name, found.Changes, found.Warnings, found.Problems);

    public static IReadOnlyList<string[]> Rows(IReadOnlyList<DestinationInfo> destinations) =>
    [
        ["TYPE", "NAME", "RESULT", "DETAIL"],
        .. destinations.Select(d => new[]
        {
            d.Type, d.Name, d.Problems.Count > 0 ? "problem" : d.Warnings.Count > 0 ? "warning" : "ok",
            string.Join("; ", d.Problems.Concat(d.Warnings)) is { Length: > 0 } detail ? detail : "-",
        }),
    ];

    public static void Show(DestinationInfo destination)
    {
        Console.Out.WriteLine();
        Console.Out.WriteLine($"{destination.Type}  {destination.Name}");
        foreach (var line in destination.Changes)
        {
            Console.Out.WriteLine($"    {WireText.Line(line)}");
        }

        foreach (var line in destination.Warnings)
        {
            Console.Out.WriteLine($"  warning: {WireText.Line(line)}");
        }

        foreach (var line in destination.Problems)
        {
            Console.Out.WriteLine($"  PROBLEM: {line}");
        }
    }
}
