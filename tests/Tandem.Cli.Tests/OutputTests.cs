using System.Text.Json;
using Tandem.Client;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>Every verb that shows data shows it on standard output in each of the three forms, and says everything else on standard error.</summary>
public sealed class OutputTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;
    private string _sid = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at);
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        _sid = (await client.CreateAccountAsync(new() { FriendlyName = "Acme\u00a0billing" }, Cancel)).Sid;
        await client.AddUserAsync(new() { Name = "ada", Role = "administrator" }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task Each_verb_writes_all_three_forms()
    {
        string[][] verbs =
        [
            ["account", "list"], ["account", "show", _sid], ["account", "suspend", _sid], ["account", "activate", _sid], ["account", "create"],
            ["token", "create", _sid], ["token", "show", _sid], ["token", "guard", _sid, "off"],
            ["consumers", _sid], ["usage", _sid], ["usage", _sid, "--late"], ["audit", _sid], ["user", "list"], ["user", "role", "ada", "administrator"],
            ["consumers", "name", _sid, "00000000000000ab", "cron"], ["config", "show"], ["rotate", "status"], ["token", "delete", _sid, "--yes"],
        ];
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        foreach (var verb in verbs)
        {
            await AllFormsAsync(verb);
        }
    }

    [Fact]
    public async Task A_table_that_does_not_fit_the_terminal_becomes_a_line_for_each_value()
    {
        var wide = await _at.AtWidthAsync(120, "token", "show", _sid);
        Assert.Matches("(?m)^SLOT +TOKEN +AGE +CREATED +LAST USE\r?$", wide.Out);

        var narrow = await _at.AtWidthAsync(40, "token", "show", _sid);
        Assert.Matches("(?m)^SLOT      primary\r?$", narrow.Out);
        Assert.Matches("(?m)^LAST USE  none seen\r?$", narrow.Out);
        var inColumns = narrow.Out.Split('\n').TakeWhile(line => !line.StartsWith("there is no secondary", StringComparison.Ordinal)).Select(line => line.TrimEnd('\r'));
        Assert.All(inColumns, line => Assert.True(line.Length <= 40, line));

        // Machines get the same whatever the terminal is like.
        Assert.Equal((await _at.AtWidthAsync(120, "account", "list", "-o", "tsv")).Out, (await _at.AtWidthAsync(40, "account", "list", "-o", "tsv")).Out);
    }

    [Fact]
    public async Task A_new_token_is_in_the_data_for_a_machine_and_alone_for_a_pipe()
    {
        var tabbed = await _at.TandemAsync("account", "create", "-o", "tsv");
        Assert.Matches("^SID\tNAME\tSTATUS\tPARENT\tCREATED\tUPDATED\tGENERATION\tFINGERPRINT\tAUTH_TOKEN\nAC[0-9a-f]{32}\t.*\t[0-9a-f]{4}\t[0-9a-f]{32}\n$", tabbed.Out);
        Assert.Matches("^[0-9a-f]{32}\n$", (await _at.TandemAsync("account", "create")).Out);
        var kept = await _at.TandemAsync("account", "create", "-o", "tsv", "--token-file", "kept");
        Assert.DoesNotContain("AUTH_TOKEN", kept.Out, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllTextAsync(Path.Combine(_at.Root, "kept"), Cancel)).Trim(), kept.Out + kept.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_is_none_is_refused_and_nothing_is_done()
    {
        var said = await _at.TandemAsync("token", "create", _sid, "-o", "yaml");

        Assert.Equal((2, ""), (said.ExitCode, said.Out));
        Assert.Contains("'table', 'json', 'tsv'", said.Error.Replace("\n\t", ", ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("none", (await _at.TandemAsync("token", "show", _sid)).Out, StringComparison.Ordinal);
    }

    /// <summary>Verbs that may be said only once are said again after what undoes them.</summary>
    private async Task AllFormsAsync(string[] verb)
    {
        foreach (var form in (string[])["json", "tsv", "table"])
        {
            if (verb is ["token", "create", ..] && form is not "json")
            {
                await _at.TandemAsync("token", "delete", _sid, "--yes");
            }
            else if (verb is ["token", "delete", ..] && form is not "json")
            {
                await _at.TandemAsync("token", "create", _sid);
            }

            var said = await _at.TandemAsync([.. verb, "-o", form]);
            Assert.True(said.ExitCode == 0, $"{string.Join(' ', verb)} -o {form}: {said.Error}");
            Assert.DoesNotContain("next:", said.Out, StringComparison.Ordinal);
            var lines = said.Out.TrimEnd('\n').Split('\n');
            if (form is "json")
            {
                Assert.All(verb is ["audit", ..] ? lines : [said.Out], document => JsonElement.Parse(document));
            }
            else if (form is "tsv")
            {
                Assert.All(lines, line => Assert.True(line.Count(c => c == '\t') == lines[0].Count(c => c == '\t'), $"{string.Join(' ', verb)}: {line}"));
                Assert.Matches("^[A-Z0-9_ -]+(\t[A-Z0-9_ -]+)*$", lines[0]);
            }
            else
            {
                Assert.DoesNotContain('\t', said.Out);
            }
        }
    }
}
