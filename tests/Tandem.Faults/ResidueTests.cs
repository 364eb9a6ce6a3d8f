using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>No usable byte of a retired token is left in any file once the retiring call has been answered.</summary>
public sealed class ResidueTests
{
    [Fact]
    public async Task After_every_promote_and_delete_no_file_holds_the_retired_token_its_verifier_or_its_seal()
    {
        await using var server = await ServerProcess.StartAsync();
        var caller = new TwilioCaller(server.Http);
        var parent = server.FirstAccount();
        var accounts = new List<(string Sid, string Token)>();
        var (retired, found) = (0, new List<string>());
        for (var round = 0; round < 60; round++)
        {
            // Accounts are added all the while and many secondaries stay pending: with quiet neighbours rows that move leave nothing
            // behind, and the test would prove nothing.
            for (var i = 0; i < 4; i++)
            {
                var added = await caller.CreateSubaccountAsync(parent.Sid, parent.Token);
                accounts.Add(added);
                if (i % 2 == 0)
                {
                    Assert.Equal(201, (await caller.CreateAsync(added.Sid, added.Token)).Status);
                }
            }

            for (var i = round % 3; i < accounts.Count; i += 7)
            {
                var (sid, token) = accounts[i];
                var created = await caller.CreateAsync(sid, token);
                if (created.Status == 400)
                {
                    Assert.Equal(204, (await caller.DeleteAsync(sid, token)).Status);
                    created = await caller.CreateAsync(sid, token);
                }

                var secondary = created.Text("secondary_auth_token");
                if (i % 3 == 0)
                {
                    var residue = new Residue(secondary).WithRow(server.Data, sid).Except("primary verifier");
                    Assert.Equal(204, (await caller.DeleteAsync(sid, token)).Status);
                    found.AddRange(residue.FindIn(server.Data));
                }
                else
                {
                    var residue = new Residue(token).WithRow(server.Data, sid).Except("secondary verifier");
                    Assert.Equal(200, (await caller.PromoteAsync(sid, i % 2 == 0 ? token : secondary)).Status);
                    found.AddRange(residue.FindIn(server.Data));
                    accounts[i] = (sid, secondary);
                }

                retired++;
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{retired} retiring calls scanned, {accounts.Count} accounts");
        Assert.True(retired > 500, $"only {retired} retiring calls");
        Assert.True(new FileInfo(Path.Combine(server.Data, "tandem-usage.db-wal")).Length > 0, "No tombstone was written while the files were scanned.");
        Assert.Empty(found);
    }

    [Fact]
    public async Task The_scan_finds_what_has_not_been_retired()
    {
        await using var server = await ServerProcess.StartAsync();
        var (sid, token) = server.FirstAccount();
        Assert.Equal(201, (await new TwilioCaller(server.Http).CreateAsync(sid, token)).Status);

        var found = new Residue(token).WithRow(server.Data, sid).FindIn(server.Data);

        Assert.Contains("text in first-account.env", found);
        Assert.Contains(found, f => f.StartsWith("primary verifier in tandem.db", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("secondary seal in tandem.db", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_first_accounts_file_is_gone_when_the_promote_that_retires_its_token_is_answered()
    {
        await using var server = await ServerProcess.StartAsync();
        var (sid, token) = server.FirstAccount();
        var caller = new TwilioCaller(server.Http);
        var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");

        Assert.Equal(200, (await caller.PromoteAsync(sid, token)).Status);

        Assert.False(File.Exists(Path.Combine(server.Data, "first-account.env")));
        Assert.Empty(new Residue(token).FindIn(server.Data));
        Assert.Equal(200, await caller.CheckAsync(sid, secondary));
    }

    [Fact]
    public async Task Closing_an_account_leaves_nothing_of_either_token()
    {
        await using var server = await ServerProcess.StartAsync();
        var caller = new TwilioCaller(server.Http);
        var parent = server.FirstAccount();
        var (sid, token) = await caller.CreateSubaccountAsync(parent.Sid, parent.Token);
        var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        var (one, two) = (new Residue(token).WithRow(server.Data, sid), new Residue(secondary));

        var closed = await caller.SendAsync(HttpMethod.Post, $"/2010-04-01/Accounts/{sid}.json", parent.Sid, parent.Token, "Status=closed");

        Assert.Equal(200, closed.Status);
        Assert.Empty(one.FindIn(server.Data));
        Assert.Empty(two.FindIn(server.Data));
        Assert.Equal(401, await caller.CheckAsync(sid, token));
        Assert.Equal(401, await caller.CheckAsync(sid, secondary));
    }
}
