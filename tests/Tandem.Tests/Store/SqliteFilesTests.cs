using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>What lies in the files of the embedded store, and who may open them.</summary>
public sealed class SqliteFilesTests : StoreSpec<SqliteTestStore>
{
    /// <summary>
    /// The scan finds what is alive (else it would prove nothing) and nothing of what was retired, while other secondaries are
    /// pending and accounts are added.
    /// </summary>
    [Fact]
    public async Task Nothing_of_a_retired_token_is_left_once_the_call_is_answered()
    {
        var (live, dead) = (new List<byte[]>(), new List<byte[]>());
        for (var i = 0; i < 60; i++)
        {
            var (sid, primary) = await NewAccountAsync();
            await NewSecondaryAsync(sid, primary);
            var account = await FindAsync(sid);
            switch (i % 4)
            {
                case 0:
                    await Rotation.PromoteAsync(Operator, sid, Some.Context);
                    dead.AddRange([Verifier(account.Primary), account.Secondary!.Seal!.Bytes.ToArray()]);
                    live.Add(Verifier(account.Secondary));
                    break;
                case 1:
                    await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
                    dead.AddRange([Verifier(account.Secondary), account.Secondary!.Seal!.Bytes.ToArray()]);
                    live.Add(Verifier(account.Primary));
                    break;
                case 2:
                    await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Closed, Some.Context);
                    dead.AddRange([Verifier(account.Primary), Verifier(account.Secondary)]);
                    break;
                default:
                    live.AddRange([Verifier(account.Primary), Verifier(account.Secondary), account.Secondary!.Seal!.Bytes.ToArray()]);
                    break;
            }
        }

        var files = Files();
        Assert.All(live, l => Assert.True(files.Any(f => f.AsSpan().IndexOf(l) >= 0), "The scan does not see what is there."));
        Assert.All(dead, d => Assert.All(files, f => Assert.True(f.AsSpan().IndexOf(d) < 0, "Something of a retired token is left.")));

        static byte[] Verifier(StoredToken? token)
        {
            var value = token!.Verifier;
            return ((ReadOnlySpan<byte>)value).ToArray();
        }
    }

    [Fact]
    public async Task No_token_lies_in_them_as_text_or_bytes()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        foreach (var file in Files())
        {
            foreach (var token in new[] { primary, secondary })
            {
                Assert.True(file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(token)) < 0);
                Assert.True(file.AsSpan().IndexOf(Convert.FromHexString(token)) < 0);
            }
        }
    }

    [Fact]
    public void Only_their_owner_may_read_them() =>
        Assert.All(
            Directory.GetFiles(Store.Directory),
            f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));

    [Fact]
    public void A_second_process_is_kept_out()
    {
        var refusal = Assert.Throws<StoreException>(() => SqliteAccountStore.Open(Store.Options(), NullLogger.Instance));

        Assert.StartsWith("Another tandem process uses the data directory", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_root_key_is_refused_and_named()
    {
        await Store.Opened.DisposeAsync();
        using var other = RootKey.Generate();
        var refusal = Assert.Throws<StoreException>(() => SqliteAccountStore.Open(Store.Options(other), NullLogger.Instance));

        Assert.Contains(Convert.ToHexStringLower(Store.RootKey.Id), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(other.Id), refusal.Message, StringComparison.Ordinal);
        await Store.ReopenAsync(recoverable: false);
    }

    [Fact]
    public async Task After_it_was_closed_nothing_is_taken_any_more()
    {
        var (sid, _) = await NewAccountAsync();
        var closed = Store.Accounts;
        await Store.ReopenAsync(recoverable: false);

        var outcome = await closed.ChangeAsync<Account>(sid, _ => throw new InvalidOperationException("Never decided."));
        Assert.Equal(ErrorKind.Unavailable, outcome.Error);
    }

    private List<byte[]> Files()
    {
        var files = Directory.GetFiles(Store.Directory, "tandem.db*").Select(ReadShared).ToList();
        Assert.NotEmpty(files);
        return files;
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
