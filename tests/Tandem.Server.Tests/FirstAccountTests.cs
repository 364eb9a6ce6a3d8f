using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>
/// What may lie in the place of <c>first-account.env</c>. The first start overwrites none of it; afterwards none of it stops a change, the
/// process or a start.
/// </summary>
public sealed class FirstAccountTests : IDisposable
{
    private const string Name = "first-account.env";

    private readonly CapturedLog _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly string _data = Directory.CreateTempSubdirectory("tandem-first-").FullName;
    private readonly List<string> _stopped = [];

    public FirstAccountTests() => _loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_log));

    public static TheoryData<string> Obstacles =>
        ["garbage", "empty", "directory", "dangling link", "link to a file", "pipe", "endless device", "huge file"];

    private string Path => System.IO.Path.Combine(_data, Name);

    public void Dispose()
    {
        _loggers.Dispose();
        Directory.Delete(_data, recursive: true);
        File.Delete($"{_data}.anchor");
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public async Task At_the_first_start_it_stops_the_start_and_is_left_as_it_was(string obstacle)
    {
        Put(obstacle);
        var before = Look();
        var stopped = await Assert.ThrowsAsync<StartException>(StartAsync);
        Assert.Contains(Path, stopped.Message, StringComparison.Ordinal);
        Assert.Contains("Move it out", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(before, Look());

        Remove();
        await using var startup = await StartAsync();
        Assert.True(startup.FirstAccount.FileExists);
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public async Task Afterwards_the_retirement_is_answered_with_an_alarm_and_every_later_start_goes_on(string obstacle)
    {
        await using (var startup = await StartAsync())
        {
            var sid = AccountSid.Parse(File.ReadLines(Path).First().Split('=')[1]);
            Remove();
            Put(obstacle);
            await RotateAsync(startup, sid);
            Assert.True(startup.FirstAccount.FileLeft);
        }

        var before = Look();
        await using (var again = await StartAsync())
        {
            Assert.Equal((true, false), (again.FirstAccount.FileLeft, again.FirstAccount.FileExists));
            Assert.Equal(before, Look());

            // The next retirement of any account tries again, and does not wait for it.
            Remove();
            using var other = (await Lifecycle(again).CreateAsync(Caller.Operator("test"), null, null, Context)).Value!;
            await RotateAsync(again, other.Account.Sid);
            await Until.TrueAsync(() => !again.FirstAccount.FileLeft);
        }

        Assert.Empty(_stopped);
        Assert.Equal(2, _log.Lines.Count(l => l.Contains("first_account_file_left", StringComparison.Ordinal))); // once a process
    }

    [Fact]
    public async Task The_file_is_gone_when_the_call_that_retires_its_token_is_answered()
    {
        await using var startup = await StartAsync();
        var sid = AccountSid.Parse(File.ReadLines(Path).First().Split('=')[1]);
        using var other = (await Lifecycle(startup).CreateAsync(Caller.Operator("test"), null, null, Context)).Value!;
        await RotateAsync(startup, other.Account.Sid);
        Assert.True(File.Exists(Path));
        await RotateAsync(startup, sid);
        Assert.False(File.Exists(Path));
        Assert.Equal((false, false), (startup.FirstAccount.FileLeft, startup.FirstAccount.FileExists));
    }

    private static readonly ChangeContext Context = new("test", "RQ" + new string('0', 32));

    private static AccountLifecycle Lifecycle(TandemStartup startup) =>
        new(startup.Store, new(startup.Store.Index, startup.Store.Keys), new(startup.Store.Keys), TimeProvider.System);

    private static async Task RotateAsync(TandemStartup startup, AccountSid sid)
    {
        var rotation = new Rotation(startup.Store, new(startup.Store.Index, startup.Store.Keys), new(startup.Store.Keys), TimeProvider.System);
        using var created = (await rotation.CreateSecondaryAsync(Caller.Operator("test"), sid, Context)).Value;
        using var promoted = (await rotation.PromoteAsync(Caller.Operator("test"), sid, Context)).Value;
        Assert.NotNull(promoted);
    }

    private Task<TandemStartup> StartAsync() => TandemStartup.OpenAsync(
        new() { DataDirectory = _data }, import: null, _loggers, stop: _stopped.Add);

    private void Put(string obstacle)
    {
        switch (obstacle)
        {
            case "garbage":
                File.WriteAllText(Path, "TWILIO_ACCOUNT_SID=\nTWILIO_AUTH_TOKEN=\n");
                break;
            case "empty":
                File.WriteAllText(Path, "");
                break;
            case "directory":
                Directory.CreateDirectory(Path);
                break;
            case "dangling link":
                File.CreateSymbolicLink(Path, System.IO.Path.Combine(_data, "nowhere"));
                break;
            case "link to a file":
                File.WriteAllText(System.IO.Path.Combine(_data, "mine"), "mine");
                File.CreateSymbolicLink(Path, System.IO.Path.Combine(_data, "mine"));
                break;
            case "pipe":
                using (var made = Process.Start("mkfifo", [Path]))
                {
                    made.WaitForExit();
                }

                break;
            case "endless device":
                File.CreateSymbolicLink(Path, "/dev/zero");
                break;
            case "huge file":
                using (var file = File.Create(Path))
                {
                    file.SetLength(1L << 40);
                }

                break;
        }
    }

    private string Look()
    {
        var file = new FileInfo(Path);
        var length = file.Exists && file.LinkTarget is null ? file.Length : 0;
        return $"{file.Attributes} {file.LinkTarget} {length} {File.Exists(System.IO.Path.Combine(_data, "nowhere"))}";
    }

    private void Remove()
    {
        if (Directory.Exists(Path) && new FileInfo(Path).LinkTarget is null)
        {
            Directory.Delete(Path);
        }
        else
        {
            File.Delete(Path);
        }
    }
}
