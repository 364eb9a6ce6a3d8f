using System.Text;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>A disk that fills up: an env file keeps every byte, and the state directory says what is wrong. The disks are small ones in memory.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;
    private string _account = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at);
        _at.Variables["TANDEM_SERVER"] = _server.Url;
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        _account = await File.ReadAllTextAsync(_at.FirstAccount, Cancel);
        Directory.CreateDirectory(Path.Combine(_at.Root, "disk"));
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "mounted.env"), "", Cancel);
        var plan = Path.Combine(_at.Root, "tandem.toml");
        await File.WriteAllTextAsync(plan, "[[destination]]\ntype = \"dotenv\"\npath = \"disk/file.env\"\nset = { TWILIO_AUTH_TOKEN = \"new\", TWILIO_AUTH_TOKEN_ALT = \"old\" }\n", Cancel);
        File.SetUnixFileMode(plan, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    /// <summary>One page of memory holds the file to its last byte but ten, and the other three a filler: nothing longer fits, neither beside it nor in it.</summary>
    [Theory]
    [InlineData("true")]
    [InlineData("ln disk/file.env disk/other.env")] // of two names neither may be renamed over
    [InlineData("mount --bind disk/file.env disk/file.env")] // nor may a mount
    public async Task An_env_file_that_has_no_room_for_its_new_content_keeps_every_byte_and_the_rotation_goes_back(string how)
    {
        var content = Fill(_account);
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "before.env"), content, Cancel);
        var program = string.Join(' ', Workspace.Program);

        var said = await InNamespaceAsync($"""
            mount -t tmpfs -o size=16k none disk && cp before.env disk/file.env && {how} && head -c 12288 /dev/zero > disk/filler
            {program} rotate --yes --force; echo "rotate: $?"
            cmp before.env disk/file.env && echo "whole after rotate"
            {program} rotate abort --yes; echo "abort: $?"
            cmp before.env disk/file.env && echo "whole after abort"
            rm disk/filler
            {program} rotate --yes --force; echo "rotate: $?"
            tail -n 1 disk/file.env; wc -l < disk/file.env; ls -A disk
            """);

        Assert.Contains("rotate: 6\nwhole after rotate\nabort: 0\nwhole after abort\nrotate: 0\n", Bare(said.Out), StringComparison.Ordinal);
        Assert.Contains($"LAST=1\n{content.Count(c => c == '\n')}\nfile.env\n", Bare(said.Out), StringComparison.Ordinal);
        Assert.Contains("No space left", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_mounted_by_itself_on_a_full_disk_takes_a_token_of_the_same_length()
    {
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "before.env"), Fill(_account), Cancel);
        var program = string.Join(' ', Workspace.Program);
        File.Delete(Path.Combine(_at.Root, "tandem.toml"));

        var said = await InNamespaceAsync($"""
            mount -t tmpfs -o size=8k none disk && cp before.env disk/file.env && head -c 4096 /dev/zero > disk/filler && mount --bind disk/file.env mounted.env
            {program} rotate --dotenv mounted.env --yes --force; echo "rotate: $?"
            wc -c < mounted.env; cmp before.env mounted.env | wc -l; tail -n 1 mounted.env
            """);

        Assert.Contains("rotate: 0\n4086\n1\nLAST=1\n", Bare(said.Out), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_state_directory_is_told_as_such_and_not_as_another_rotation()
    {
        await File.WriteAllTextAsync(Path.Combine(_at.Root, ".env"), _account, Cancel);
        File.Delete(Path.Combine(_at.Root, "tandem.toml"));
        var program = string.Join(' ', Workspace.Program);

        var said = await InNamespaceAsync($"""
            mkdir state && mount -t tmpfs -o size=4k,mode=700 none state && head -c 4096 /dev/zero > state/filler
            {program} rotate --dotenv .env --yes --force; echo "rotate: $?"
            {program} rotate --dotenv .env --all-subaccounts --yes; echo "fleet: $?"
            """);

        Assert.Contains("rotate: 1\n", said.Out, StringComparison.Ordinal);
        Assert.Contains("state cannot be written: No space left", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Another rotation", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("does not know", said.Error, StringComparison.Ordinal);
        Assert.Equal(_account, await File.ReadAllTextAsync(Path.Combine(_at.Root, ".env"), Cancel));
    }

    /// <summary>A page less ten bytes, with a last line that a cut would take away.</summary>
    private static string Fill(string account)
    {
        const string end = "\nLAST=1\n";
        var text = new StringBuilder(account);
        while (text.Length < 4086 - 100 - end.Length)
        {
            text.Append("KEY_").Append(text.Length).Append("=value\n");
        }

        text.Append("PAD=").Append('x', 4086 - end.Length - text.Length).Append(end);
        return text.ToString();
    }

    private static string Bare(string text) => string.Join('\n', text.Split('\n').Where(l => !l.StartsWith("ACCOUNT", StringComparison.Ordinal) && !l.StartsWith("AC", StringComparison.Ordinal)));

    private async Task<Said> InNamespaceAsync(string script)
    {
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "script.sh"), script, Cancel);
        return await _at.BashAsync("unshare --mount --map-root-user bash script.sh");
    }
}
