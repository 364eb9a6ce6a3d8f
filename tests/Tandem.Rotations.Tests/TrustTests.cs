using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Whose plan, profile and state directory are taken: those that nobody but this user and root can have written.</summary>
public sealed class TrustTests : IDisposable
{
    private const string Nobody = "65534:65534";

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    /// <summary>What is done to a file and its directory by the shell, as <c>$f</c> and <c>$d</c>; and what is told, null when it is taken.</summary>
    public static TheoryData<string, string?> Cases => new()
    {
        { "true", null },
        { "chmod 444 $f", null },
        { "chmod 646 $f", "Others may write to" },
        { "chmod 666 $f", "chmod go-w" },
        { "chmod 664 $f", "Others may write to" },
        { $"chown {Nobody} $f", "belongs to another user (user id 65534)" },
        { $"chown {Nobody} $f; chmod 666 $f", "belongs to another user" },
        { $"mv $f $d/own; ln -s own $f; chown -h {Nobody} $f", null },
        { $"mv $f $d/own; chown {Nobody} $d/own; ln -s own $f", "belongs to another user" },
        { "mkdir $d/open; chmod 777 $d/open; mv $f $d/open/own; ln -s open/own $f", "Everybody may write to the directory" },
        { "chmod 777 $d", "Everybody may write to the directory" },
        { "chmod 1777 $d", null },
        { "chmod 775 $d", null },
        { $"chown {Nobody} $d", "The directory" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_plan_and_a_profile_that_others_can_have_written_are_not_read(string done, string? told)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may give a file away.");
        foreach (var (text, read) in new (string, Action<string>)[]
        {
            ("[watch]\nsoak = \"1m\"\n", path => PlanFile.Read(path)),
            ("[profile.prod]\nserver = \"twilio\"\n", path => ProfileFile.Read(path, "prod")),
        })
        {
            var directory = Directory.CreateTempSubdirectory("tandem-").FullName;
            try
            {
                var file = Path.Combine(directory, "file.toml");
                await File.WriteAllTextAsync(file, text, Cancel);
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                var (exitCode, _, errors) = await Judges.RunAsync(["sh", "-c", $"set -e; f={file}; d={directory}; {done}"]);
                Assert.True(exitCode == 0, errors);

                var refused = Record.Exception(() => read(file));

                Assert.Equal(told is null ? null : RotationFailure.Usage, (refused as RotationException)?.Failure);
                Assert.Contains(told ?? "", refused?.Message ?? "", StringComparison.Ordinal);
                Assert.True(told is null || refused!.Message.Contains("Nothing was done", StringComparison.Ordinal));
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    [Theory]
    [InlineData("chmod 770 $d", "chmod 700")]
    [InlineData("chmod 1777 $d", "chmod 700")]
    [InlineData("chown 65534 $d", "belongs to another user")]
    public async Task A_state_directory_that_others_can_write_is_not_used(string done, string told)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may give a directory away.");
        await Judges.RunAsync(["sh", "-c", $"d={_home}; {done}"]);
        var refused = Assert.Throws<RotationException>(() => new StateDirectory(_home));
        Assert.Equal(RotationFailure.Precondition, refused.Failure);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:7420", true)]
    [InlineData("http://127.8.9.1", true)]
    [InlineData("http://[::1]:7420", true)]
    [InlineData("http://[::ffff:127.0.0.1]", true)]
    [InlineData("http://localhost:7420", true)]
    [InlineData("http://LOCALHOST", true)]
    [InlineData("http://loopback:7420", true)] // which Uri makes localhost of
    [InlineData("http://localhost.example.com", false)]
    [InlineData("http://127.0.0.1.example.com", false)]
    [InlineData("http://0.0.0.0:7420", false)]
    [InlineData("http://10.0.0.1", false)]
    [InlineData("http://tandem", false)]
    public void What_never_leaves_the_machine_is_loopback_and_nothing_else(string address, bool isLoopback)
    {
        Assert.Equal(isLoopback, new Uri(address).IsLoopback);
        using var handler = Client.TwilioClient.CreateHandler(new(address));
        Assert.Equal(!isLoopback, handler.UseProxy);
    }
}
