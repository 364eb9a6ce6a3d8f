using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>An audit trail that somebody has written to past the store: the first entry that is not as it was written is named.</summary>
public sealed class AuditVerificationTests : StoreSpec<SqliteTestStore>
{
    private static readonly string[] Texts = ["actor", "source", "request_id", "detail"];

    [Fact]
    public async Task A_trail_as_it_was_written_is_whole_on_a_running_store_and_on_its_files()
    {
        await FillAsync();

        Assert.Equal(new AuditVerification(6, 6, null, null), await Store.Opened.VerifyAsync(TestContext.Current.CancellationToken));
        Assert.Equal(new AuditVerification(6, 6, null, null), await VerifyFilesAsync());
    }

    [Theory]
    [InlineData("at")]
    [InlineData("account")]
    [InlineData("action")]
    [InlineData("generation")]
    [InlineData("actor")]
    [InlineData("source")]
    [InlineData("request_id")]
    [InlineData("suppress_email")]
    [InlineData("fingerprint")]
    [InlineData("mac")]
    [InlineData("consumer")]
    [InlineData("detail")]
    public async Task A_changed_column_names_the_entry(string column)
    {
        await FillAsync();
        var value = Texts.Contains(column, StringComparer.Ordinal) ? $"{column} || 'x'"
            : column is "suppress_email" ? "1 - suppress_email"
            : column is "consumer" ? "x'0102030405060708'"
            : column is "account" or "fingerprint" or "mac" ? $"CAST(substr({column}, 1, length({column}) - 1) AS BLOB) || CASE WHEN substr({column}, -1) = x'00' THEN x'01' ELSE x'00' END"
            : $"{column} + 1";
        await WriteAsync($"UPDATE audit SET {column} = {(column is "account" or "fingerprint" or "mac" ? $"CAST({value} AS BLOB)" : value)} WHERE epoch = (1 << 40) + 3");

        var found = await VerifyFilesAsync();

        Assert.Equal((2, 3, AuditBreakKind.Altered), (found.Entries, found.Break!.Number, found.Break.Kind));
        Assert.Contains("was altered", found.Break.Detail, StringComparison.Ordinal);
        Assert.NotNull(found.Break.At);
    }

    [Theory]
    [InlineData("DELETE FROM audit WHERE epoch = (1 << 40) + 4", 4, AuditBreakKind.Missing)]
    [InlineData("DELETE FROM audit WHERE epoch = (1 << 40) + 1", 1, AuditBreakKind.Missing)]
    [InlineData("UPDATE audit SET epoch = (1 << 40) + 90 WHERE epoch = (1 << 40) + 2", 2, AuditBreakKind.Missing)]
    [InlineData("DELETE FROM audit WHERE epoch > (1 << 40) + 4", 5, AuditBreakKind.CutOff)]
    [InlineData("DELETE FROM audit", 1, AuditBreakKind.CutOff)]
    [InlineData("UPDATE epoch SET audit_mac = zeroblob(32)", 6, AuditBreakKind.NoteAltered)]
    [InlineData("UPDATE epoch SET epoch = (1 << 40) + 4, audit_mac = (SELECT mac FROM audit WHERE epoch = (1 << 40) + 4)", 4, AuditBreakKind.NoteAltered)]
    [InlineData("UPDATE audit_start SET epoch = (1 << 40) + 2, mac = (SELECT mac FROM audit WHERE epoch = (1 << 40) + 2)", 2, AuditBreakKind.NoteAltered)]
    public async Task A_missing_entry_or_an_altered_note_is_named(string damage, int number, AuditBreakKind kind)
    {
        await FillAsync();
        await WriteAsync(damage);

        var found = await VerifyFilesAsync();

        Assert.Equal((number, kind), (found.Break!.Number, found.Break.Kind));
    }

    [Fact]
    public async Task What_is_cut_off_by_retention_leaves_a_sealed_beginning_and_the_rest_is_whole()
    {
        await FillAsync();
        var retention = new AuditRetention(Store.Accounts);
        var third = Store.ReadAudit()[2];
        var before = third.At + TimeSpan.FromMilliseconds(1);
        await WriteAsync($"UPDATE audit SET at = at WHERE epoch > 0"); // the store goes on after somebody else's write
        var younger = Store.ReadAudit().TakeWhile(r => r.At < before).Count();

        Assert.Equal(younger, await retention.CutAsync(before, Some.Context));
        Assert.Equal(0, await retention.CutAsync(before, Some.Context));

        var found = await Store.Opened.VerifyAsync(TestContext.Current.CancellationToken);
        Assert.Equal((7 - younger, 7, younger), (found.Entries, found.Last, found.Start!.Number));
        Assert.Null(found.Break);
        var cut = (await Store.Accounts.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0];
        Assert.Equal(AuditAction.AuditCut, cut.Entry.Action);
        Assert.StartsWith($"entries 1 to {younger}, the last of ", cut.Entry.Detail, StringComparison.Ordinal);
        Assert.Null((await VerifyFilesAsync()).Break);
    }

    [Theory]
    [InlineData("DELETE FROM audit WHERE epoch = (SELECT min(epoch) FROM audit)", AuditBreakKind.Missing)]
    [InlineData("UPDATE audit_start SET seal = zeroblob(32)", AuditBreakKind.NoteAltered)]
    [InlineData("UPDATE audit_start SET at = at + 1", AuditBreakKind.NoteAltered)]
    [InlineData("UPDATE audit_start SET epoch = 1 << 40, at = 0, mac = zeroblob(32), seal = zeroblob(32)", AuditBreakKind.Missing)]
    public async Task Nobody_without_the_key_cuts_further(string damage, AuditBreakKind kind)
    {
        await FillAsync();
        await new AuditRetention(Store.Accounts).CutAsync(Store.ReadAudit()[2].At + TimeSpan.FromMilliseconds(1), Some.Context);
        await WriteAsync(damage);

        Assert.Equal(kind, (await VerifyFilesAsync()).Break!.Kind);
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_in_the_trail_is_found()
    {
        await FillAsync();
        await Store.Opened.DisposeAsync();
        var path = Path.Combine(Store.Directory, "tandem.db");
        var content = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var at = content.AsSpan().IndexOf("operator root"u8);
        Assert.True(at > 0);
        content[at + 3] ^= 0x20;
        await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);

        Assert.Equal(AuditBreakKind.Altered, (await VerifyFilesAsync()).Break!.Kind);
    }

    /// <summary>Six entries.</summary>
    private async Task FillAsync()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        await Rotation.DeleteSecondaryAsync(With(sid, secondary), sid, Some.Context);
        await NewSecondaryAsync(sid);
        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context, new(Reason: "because"))).Value!;
        await NewSecondaryAsync(sid);
    }

    private Task WriteAsync(string sql) => RawDatabase.WriteAsync(Store.Directory, sql);

    private async Task<AuditVerification> VerifyFilesAsync()
    {
        await Store.Opened.DisposeAsync();
        return OfflineAudit.Verify(Store.Directory, Store.RootKey, anchorFile: null);
    }
}
