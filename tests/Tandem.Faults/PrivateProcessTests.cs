using System.Diagnostics;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>What passes through the server's memory stays there.</summary>
public sealed class PrivateProcessTests : IDisposable
{
    // A directory of its own: a runtime that was killed leaves its sockets, and process numbers come round again.
    private readonly string _temporary = Directory.CreateTempSubdirectory("tandem-").FullName;

    [Fact]
    public async Task The_server_leaves_no_core_and_makes_files_for_its_user_alone()
    {
        await using var server = await ServerProcess.StartAsync(("DOTNET_EnableDiagnostics", "0"), ("TMPDIR", _temporary));

        Assert.Matches(@"Max core file size +0 +0 ", await File.ReadAllTextAsync($"/proc/{server.ProcessId}/limits", TestContext.Current.CancellationToken));
        Assert.Matches(@"Umask:\s+0077\n", await File.ReadAllTextAsync($"/proc/{server.ProcessId}/status", TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetFiles(_temporary, "dotnet-diagnostic-*"));
        Assert.Empty(Directory.GetFiles(_temporary, "clr-debug-pipe-*"));
    }

    /// <summary>
    /// Root may read everything because of what it may do beyond other users; so as root this is tried by processes from which that was taken, the
    /// server among them. What is left is the rule of the same user.
    /// </summary>
    [Fact]
    public async Task No_other_process_of_the_same_user_reads_its_memory_or_environment()
    {
        string[] plain = Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"] : [];
        await using var server = await ServerProcess.StartThroughAsync(plain, ("TMPDIR", _temporary));
        string[] sleeping = [.. plain, "sleep", "600"];
        using var other = Process.Start(new ProcessStartInfo(sleeping[0], sleeping[1..]))!;
        try
        {
            await Until.TrueAsync(() => File.ReadAllText($"/proc/{other.Id}/comm").StartsWith("sleep", StringComparison.Ordinal));
            foreach (var (name, arguments) in new (string, string[])[] { ("environ", ["cat"]), ("maps", ["cat"]), ("auxv", ["cat"]), ("mem", ["head", "-c", "1"]) })
            {
                Assert.Contains("Permission denied", await ReadAsync([.. plain, .. arguments, $"/proc/{server.ProcessId}/{name}"]), StringComparison.Ordinal);
            }

            foreach (var name in (string[])["environ", "maps", "auxv"])
            {
                Assert.Equal("", await ReadAsync([.. plain, "cat", $"/proc/{other.Id}/{name}"])); // who does not forbid it is read
            }
        }
        finally
        {
            other.Kill();
            await other.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    /// <summary>What a command that reads a file has to complain of; its output is nobody's business.</summary>
    private static async Task<string> ReadAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.BaseStream.CopyToAsync(Stream.Null), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await output;
        return await error;
    }
}
