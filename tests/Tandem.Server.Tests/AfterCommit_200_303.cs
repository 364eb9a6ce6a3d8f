using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Backups;
using Tandem.Server.Tests.Console;
using Tandem.Storage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>Local administration and the console: what fails after a change is durable is no failure of the change, and what failed before it changed nothing.</summary>
public sealed class AfterCommit_200_303
{
    private static readonly ChangeContext s_context = new("test", "RQ1");

    private readonly Caller _operator = Caller.Operator("test");

    [Fact]
    public async Task A_root_key_that_cannot_be_moved_into_its_place_is_changed_all_the_same_and_the_next_change_moves_it()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (change, key) = (tandem.Services.GetRequiredService<KeyChange>(), Path.Combine(tandem.DataDirectory, "root.key"));
        Directory.CreateDirectory($"{key}.previous/in the way");
        var committed = false;

        var first = (await change.RotateAsync(_operator, null, s_context, () => committed = true)).Value!;

        Assert.Equal((true, false, $"{key}.next"), (committed, first.InPlace, first.Keys.RootKeyFile));
        using (var needed = RootKeyFile.Read($"{key}.next"))
        {
            Assert.Equal(first.Keys.RootKeyId, Convert.ToHexStringLower(needed.Id));
        }

        Directory.Delete($"{key}.previous", recursive: true);
        var second = (await change.RotateAsync(_operator, null, s_context, static () => { })).Value!;

        Assert.Equal((first.Keys.RootKeyId, true, key), (second.FormerRootKeyId, second.InPlace, second.Keys.RootKeyFile));
        Assert.Equal([key], Directory.GetFileSystemEntries(tandem.DataDirectory, "root.key*"));
        using var last = RootKeyFile.Read(key);
        Assert.Equal(second.Keys.RootKeyId, Convert.ToHexStringLower(last.Id));
    }

    [Fact]
    public async Task A_key_that_is_refused_is_not_said_to_be_changed()
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        store.Unavailable = true;
        var refused = await tandem.Services.GetRequiredService<KeyChange>().RotateAsync(_operator, null, s_context, static () => Assert.Fail("nothing was committed"));
        Assert.Equal(ErrorKind.Unavailable, refused.Error);
        Assert.Single(Directory.GetFiles(tandem.DataDirectory, "root.key*"));
    }

    [Fact]
    public async Task A_backup_that_could_not_be_copied_is_refused_and_no_entry_says_that_it_was_made()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (store, options) = (tandem.Services.GetRequiredService<IAccountStore>(), tandem.Services.GetRequiredService<TandemOptions>());
        using var backup = new Backup((SqliteAccountStore)store, options with { DataDirectory = Path.Combine(options.DataDirectory, "missing") });
        var before = (await store.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0].Epoch;

        Assert.Equal(ErrorKind.Unavailable, await backup.MakeAsync(_operator, [], s_context, static _ => throw new InvalidOperationException("there is nothing to send")));

        Assert.Equal(before, (await store.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0].Epoch);
    }

    [Fact]
    public async Task A_first_administrator_who_cannot_be_signed_in_at_once_is_told_that_the_server_is_set_up()
    {
        var store = new StoreDouble { UnavailableAfter = AuditAction.UserAdded };
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        using var client = new ConsoleClient(tandem);
        var link = (await RunningServer.CreateSetupLinkAsync(tandem.Services))!.Url;

        var answer = await client.PostAsync(
            "/setup", "/invitation", ("link", link[(link.IndexOf('#', StringComparison.Ordinal) + 1)..]), ("name", "ada"), ("password", ConsoleClient.Password), ("again", ConsoleClient.Password));

        Assert.Equal((303, "/sign-in"), (answer.Status, answer.Header("Location")));
        Assert.Contains("you are its administrator, ada", (await client.GetAsync("/sign-in")).Body, StringComparison.Ordinal);
    }
}
