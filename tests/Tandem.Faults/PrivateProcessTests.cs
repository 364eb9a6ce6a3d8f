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

    public void Dispose() => Directory.Delete(_temporary, recursive: true);
}
