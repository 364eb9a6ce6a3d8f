using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem user</c> and <c>tandem setup-link</c>: who may sign in to the console.</summary>
public sealed partial class UserTests : IAsyncLifetime
{
    private const string Password = "three quiet otters";

    private readonly Workspace _at = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(_at);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task Until_there_is_a_user_the_verb_prints_a_new_link_each_time()
    {
        var first = (await _at.TandemAsync("setup-link")).Out.Trim();
        Assert.StartsWith($"{_server.Url}/setup#", first, StringComparison.Ordinal);
        var said = await _at.TandemAsync("setup-link");
        Assert.Equal(0, said.ExitCode);
        Assert.Equal(SetupLink().Match(said.Out).Value + "\n", said.Out);
        Assert.NotEqual(first, said.Out.Trim());

        await AddAsync("ada", "administrator");
        var late = await _at.TandemAsync("setup-link");
        Assert.Equal((5, ""), (late.ExitCode, late.Out));
        Assert.Contains("There is a user already, so there is no set-up link.", late.Error, StringComparison.Ordinal);

        await _server.StopAsync("TERM");
        await using var again = await RunningServer.StartAsync(_at);
        Assert.DoesNotContain("setup", again.Welcome, StringComparison.Ordinal);
        Assert.Contains($"Console  {again.Url}/", again.Welcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_whose_output_is_kept_prints_the_command_for_a_link_and_no_link()
    {
        Assert.DoesNotContain("/setup#", _server.Welcome, StringComparison.Ordinal);
        var command = _server.Welcome.Split('\n').Single(line => line.Contains("setup-link", StringComparison.Ordinal)).Trim();
        Assert.Equal($"tandem setup-link --data {_at.Data}", command);
        var said = await _at.TandemAsync(command.Split(' ')[1..]);
        Assert.Equal((0, true), (said.ExitCode, SetupLink().IsMatch(said.Out)));
        var (_, _, errors) = await _server.StopAsync("TERM");
        Assert.DoesNotContain("/setup#", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_on_a_terminal_prints_a_link()
    {
        await _server.StopAsync("TERM");
        var said = await _at.AnswerAsync([("listening on loopback only", "\u0003")], "serve", "--listen", "127.0.0.1:0");
        Assert.Matches(SetupLink(), said.Out);
        Assert.Contains("Open this link within 30 minutes", said.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_comes_from_a_file_or_a_pipe_or_is_typed_twice_and_is_not_shown()
    {
        await AddAsync("ada", "administrator");
        var piped = await _at.BashAsync($"printf '%s\\n' '{Password}' | {string.Join(' ', Workspace.Program)} user add grace --role operator --password-file -");
        Assert.Equal((0, "", "added grace, operator\n"), (piped.ExitCode, piped.Out, piped.Error));
        var typed = await _at.AnswerAsync([("New password for hedy: ", $"{Password}\r"), ("The same again: ", $"{Password}\r")], "user", "add", "hedy", "--role", "viewer");
        Assert.Equal(0, typed.ExitCode);
        Assert.Contains("added hedy, viewer", typed.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, typed.Out, StringComparison.Ordinal);
        var slip = await _at.AnswerAsync([("New password for mary: ", $"{Password}\r"), ("The same again: ", "something else\r")], "user", "add", "mary", "--role", "viewer");
        Assert.Equal(2, slip.ExitCode);
        Assert.Contains("These two were not the same. Nothing was changed.", slip.Out, StringComparison.Ordinal);
        Assert.Equal(130, (await _at.AnswerAsync([("New password for mary: ", "\u0003")], "user", "add", "mary", "--role", "viewer")).ExitCode);
        Assert.Equal(["ada", "grace", "hedy"], await NamesAsync());
    }

    [Fact]
    public async Task What_is_no_name_no_password_or_taken_changes_nothing_and_says_why()
    {
        await AddAsync("ada", "administrator");
        foreach (var (arguments, code, why) in new[]
        {
            (new[] { "user", "add", "grace", "--role", "viewer" }, 2, "there is no terminal to ask for the password at"),
            (["user", "add", "grace", "--role", "viewer", "--password-file", "nowhere"], 2, "cannot be read from nowhere"),
            (["user", "add", "grace", "--role", "king", "--link"], 2, "'king'"),
            (["user", "add", "grace", "--link"], 2, "--role"),
            (["user", "add", "not a name", "--role", "viewer", "--link"], 2, "name has 1 to 64 letters"),
            (["user", "add", "ADA", "--role", "viewer", "--link"], 5, "There is a user of this name already. Nothing was changed."),
            (["user", "passwd", "grace", "--link"], 5, "There is no such user."),
            (["user", "role", "ada", "viewer"], 5, "This is the last administrator."),
            (["user", "remove", "ada", "--yes"], 5, "This is the last administrator."),
            (["user", "remove", "ada"], 2, "no terminal to ask at"),
        })
        {
            var said = await _at.TandemAsync(arguments);
            Assert.True(said.ExitCode == code, $"{string.Join(' ', arguments)}: {said.ExitCode}: {said.Error}");
            Assert.Contains(why, said.Error, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(Path.Combine(_at.Root, "weak"), "password", TestContext.Current.CancellationToken);
        var weak = await _at.TandemAsync("user", "passwd", "ada", "--password-file", "weak");
        Assert.Equal(2, weak.ExitCode);
        Assert.Contains("at least 15 characters", weak.Error, StringComparison.Ordinal);
        Assert.Equal(["ada"], await NamesAsync());
    }

    [Fact]
    public async Task A_link_goes_into_a_pipe_alone_and_the_list_says_how_everybody_stands()
    {
        await AddAsync("ada", "administrator");
        var link = await _at.TandemAsync("user", "add", "grace", "--role", "operator", "--link");
        Assert.Matches($"^{Regex.Escape(_server.Url)}/invitation#[A-Za-z0-9_-]{{43}}\n$", link.Out);
        Assert.Contains("it works once, until", link.Error, StringComparison.Ordinal);
        var list = await _at.TandemAsync("user", "list");
        Assert.Matches(@"^NAME +ROLE +PASSWORD +SECOND FACTOR +LAST SIGN-IN\nada +administrator +set +off +never\ngrace +operator +invited +off +never\n$", list.Out);

        Assert.Equal(0, (await _at.TandemAsync("user", "role", "grace", "administrator")).ExitCode);
        Assert.Equal(0, (await _at.TandemAsync("user", "remove", "ada", "--yes")).ExitCode);
        var json = JsonDocument.Parse((await _at.TandemAsync("user", "list", "--json")).Out).RootElement.GetProperty("users");
        Assert.Equal(("grace", "administrator", JsonValueKind.Null), (json[0].GetProperty("name").GetString(), json[0].GetProperty("role").GetString(), json[0].GetProperty("invitation_url").ValueKind));
        Assert.Equal(1, json.GetArrayLength());

        var audit = await _at.TandemAsync("audit");
        Assert.Matches(@"  -  +user_removed .*by operator uid \d+ from admin\.sock  \(ada\)", audit.Out);
        Assert.DoesNotContain(link.Out.Trim().Split('#')[1], audit.Out, StringComparison.Ordinal);
    }

    private async Task AddAsync(string name, string role)
    {
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "password"), Password + "\r\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await _at.TandemAsync("user", "add", name, "--role", role, "--password-file", "password")).ExitCode);
    }

    private async Task<IReadOnlyList<string>> NamesAsync() =>
        [.. JsonDocument.Parse((await _at.TandemAsync("user", "list", "--json")).Out).RootElement.GetProperty("users").EnumerateArray().Select(u => u.GetProperty("name").GetString()!)];

    [GeneratedRegex("http://[0-9.]+:[0-9]+/setup#[A-Za-z0-9_-]{43}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SetupLink();
}
