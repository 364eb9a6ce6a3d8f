using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Console;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>The audit in the console: filters, links to a row, and what is taken away as a file.</summary>
public sealed class Audit_200
{
    [Fact]
    public async Task It_is_filtered_by_account_action_and_time()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time });
        using var client = await ConsoleClient.SignedInAsync(tandem);
        await tandem.CreateSecondaryAsync();
        time.Advance(TimeSpan.FromMinutes(30));
        var stranger = await tandem.CreateStrangerAsync();
        await tandem.CreateSecondaryAsync(stranger);

        Assert.Equal(["secondary_created", "secondary_created"], await ActionsAsync(client, "action=secondary_created"));
        Assert.Equal(["account_created", "secondary_created"], await ActionsAsync(client, $"account={stranger.Sid}"));
        Assert.Equal(["secondary_created"], await ActionsAsync(client, $"account={tandem.Account.Sid}&action=secondary_created"));
        Assert.Equal(["account_created", "secondary_created"], await ActionsAsync(client, "from=2026-01-02T03:30"));
        Assert.Equal(["secondary_created"], await ActionsAsync(client, "action=secondary_created&to=2026-01-02T03:30"));
        Assert.Contains("This is no Account SID", (await client.GetAsync("/audit?account=AC1")).Body, StringComparison.Ordinal);
        Assert.Contains("Nothing fits", (await client.GetAsync("/audit?action=account_closed")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_a_page_is_seen_by_going_on_and_each_row_has_an_address()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        for (var i = 0; i < 130; i++)
        {
            await tandem.CreateSubaccountAsync();
        }

        var first = (await client.GetAsync("/audit?action=account_created")).Body;
        var link = first.LastIndexOf("/audit?action=account_created&amp;before=", StringComparison.Ordinal);
        var older = first[link..first.IndexOf('"', link)];
        var second = (await client.GetAsync(older.Replace("&amp;", "&", StringComparison.Ordinal))).Body;
        Assert.Equal((100, 31), (Rows(first), Rows(second)));
        Assert.Contains("account_created", (await client.GetAsync("/audit/1")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_long_past_is_found_below_what_came_later()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time, Options = o => o with { Subaccounts = 2_000 } });
        for (var i = 0; i < 3; i++)
        {
            await tandem.CreateSubaccountAsync($"early {i}");
        }

        time.Later(TimeSpan.FromDays(10));
        for (var i = 0; i < 1_500; i++)
        {
            await tandem.CreateSubaccountAsync();
        }

        using var client = await ConsoleClient.SignedInAsync(tandem);
        Assert.Equal(4, (await ActionsAsync(client, "to=2026-01-05T00:00")).Count());
        Assert.Empty(await ActionsAsync(client, "to=2026-01-01T00:00"));
        Assert.Equal(4, (await ActionsAsync(client, "action=account_created&from=2026-01-01T00:00&to=2026-01-05T00:00")).Count());
    }

    [Fact]
    public async Task As_lines_and_as_a_table_it_is_whole_and_the_oldest_comes_first()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { Subaccounts = 2_000 } });
        using var client = await ConsoleClient.SignedInAsync(tandem);
        for (var i = 0; i < 1_005; i++)
        {
            await tandem.CreateSubaccountAsync();
        }

        var lines = await client.GetAsync("/audit/export.jsonl?action=account_created");
        Assert.Equal("application/jsonl", lines.Header("Content-Type"));
        Assert.StartsWith("attachment; filename=\"tandem-audit-", lines.Header("Content-Disposition"), StringComparison.Ordinal);
        var entries = lines.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(1_006, entries.Count);
        Assert.All(entries, e => Assert.Equal("account_created", e.GetProperty("action").GetString()));
        var numbers = entries.Select(e => e.GetProperty("number").GetInt64()).ToList();
        Assert.Equal(numbers.Order(), numbers);

        var table = (await client.GetAsync("/audit/export.csv?action=account_created")).Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("number,at,account_sid,action,", table[0], StringComparison.Ordinal);
        Assert.Equal(1_007, table.Length);
        Assert.StartsWith($"{numbers[0]},", table[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a, \"b\"", "\"a, \"\"b\"\"\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("-2", "'-2")]
    public void A_cell_is_a_text_whatever_it_looks_like(string text, string cell) => Assert.Equal(cell, AuditExport.Cell(text));

    private static async Task<IEnumerable<string>> ActionsAsync(ConsoleClient client, string query)
    {
        var lines = (await client.GetAsync($"/audit/export.jsonl?{query}")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines.Length, Rows((await client.GetAsync($"/audit?{query}")).Body));
        return lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("action").GetString()!);
    }

    private static int Rows(string page) => page.Split("<th scope=\"row\">").Length - 1;
}
