using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Cli.Claims;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Storage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// Somebody has taken the whole data directory of a running server, log and all, and tries what can be tried: without the root key, and with it.
/// </summary>
public sealed class StolenFilesTests : IAsyncLifetime
{
    private const int Accounts = 20;

    private readonly List<(string Sid, string Primary, string Secondary)> _accounts = [];
    private readonly string _loot = Directory.CreateTempSubdirectory("tandem-loot-").FullName;
    private ServerProcess _server = null!;
    private (string Sid, string Secondary) _byOperator;

    /// <summary>Accounts in the middle of a rotation: the secondary created by the account itself, one by an operator; and the files copied meanwhile.</summary>
    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync();
        var caller = new TwilioCaller(_server.Http);
        var first = _server.FirstAccount();
        for (var i = 0; i < Accounts; i++)
        {
            var (sid, primary) = await caller.CreateSubaccountAsync(first.Sid, first.Token);
            var promoted = (await caller.CreateAsync(sid, primary)).Text("secondary_auth_token");
            await caller.PromoteAsync(sid, promoted);
            _accounts.Add((sid, promoted, (await caller.CreateAsync(sid, promoted)).Text("secondary_auth_token")));
        }

        using var admin = TandemClient.OverSocket(AdminSocket.PathIn(_server.Data));
        var (operated, _) = await caller.CreateSubaccountAsync(first.Sid, first.Token);
        _byOperator = (operated, (await admin.CreateSecondaryAsync(operated)).AuthToken);
        foreach (var file in Directory.EnumerateFiles(_server.Data, "tandem*"))
        {
            File.Copy(file, Path.Combine(_loot, Path.GetFileName(file)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_loot, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Without_the_root_key_there_is_no_token_and_nothing_that_opens_one()
    {
        foreach (var text in _accounts.SelectMany(a => (string[])[a.Primary, a.Secondary]).Append(_byOperator.Secondary))
        {
            Assert.Empty(new Residue(text).FindIn(_loot));
        }

        // Every 32 bytes that lie anywhere in the files, as the key that wraps the others.
        var (wrapped, tried) = (WrappedKeys()[0], 0);
        foreach (var content in Directory.EnumerateFiles(_loot).Select(File.ReadAllBytes))
        {
            for (var at = 0; at + 32 <= content.Length; at++)
            {
                var window = content.AsSpan(at, 32);
                if (window.IndexOfAnyExcept((byte)0) < 0)
                {
                    continue;
                }

                using var guess = RootKey.TryParse(Convert.ToHexString(window), out var key) ? key : throw new InvalidOperationException("32 bytes are a key.");
                Assert.False(Opens(guess, wrapped), $"a root key lies in the files at {at}");
                tried++;
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{tried} guesses at the root key: none opens");
    }

    [Fact]
    public async Task With_the_root_key_the_only_token_that_opens_is_the_pending_one_that_an_operator_created()
    {
        var keyText = await File.ReadAllTextAsync(Path.Combine(_server.Data, "root.key"), TestContext.Current.CancellationToken);
        var (sealedTexts, guesses) = (Seals(), Guesses());
        using var rootKey = RootKey.TryParse(keyText, out var parsed) ? parsed : throw new InvalidDataException("No root key.");
        await using var store = SqliteAccountStore.Open(
            new() { Directory = _loot, RootKey = rootKey, Stop = static reason => throw new StoreException(reason) }, NullLogger.Instance);
        var seals = new TokenSeal(store.Keys);
        var opened = new List<string>();
        foreach (var (sid, bytes) in sealedTexts)
        {
            foreach (var guess in guesses.Prepend(null))
            {
                foreach (var slot in Enum.GetValues<Slot>())
                {
                    if (seals.TryOpen(SealedToken.FromBytes(bytes)!, sid, slot, guess, out var text))
                    {
                        opened.Add(text.Reveal());
                        text.Dispose();
                    }
                }
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{sealedTexts.Count} sealed texts, {guesses.Count} guesses at the primary of each: {opened.Distinct().Count()} opened");
        Assert.Equal(Accounts + 1, sealedTexts.Count);
        Assert.Equal([_byOperator.Secondary], opened.Distinct());
    }

    private static bool Opens(RootKey guess, (long Id, DataKeyPurpose Purpose, byte[] Wrapped) key)
    {
        try
        {
            guess.Unwrap(key.Id, key.Purpose, key.Wrapped).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>What somebody would try as a primary: every run of 32 letters and digits in the files, and what the server keeps of tokens.</summary>
    private List<AuthToken?> Guesses()
    {
        var guesses = new List<AuthToken?>();
        foreach (var content in Directory.EnumerateFiles(_loot).Select(File.ReadAllBytes))
        {
            for (var at = 0; at + 32 <= content.Length; at++)
            {
                if (AuthToken.TryParse(content.AsSpan(at, 32), out var guess))
                {
                    guesses.Add(guess);
                }
            }
        }

        guesses.AddRange(Rows("SELECT primary_verifier FROM account UNION SELECT secondary_verifier FROM account")
            .Select(row => Encoding.ASCII.GetBytes(Convert.ToHexStringLower((byte[])row[0])[..32]))
            .Select(text => AuthToken.TryParse(text, out var guess) ? guess : null)
            .Where(guess => guess is not null));
        return guesses;
    }

    private List<(long, DataKeyPurpose, byte[])> WrappedKeys() =>
        [.. Rows("SELECT id, purpose, wrapped FROM data_key").Select(row => ((long)row[0], (DataKeyPurpose)(long)row[1], (byte[])row[2]))];

    private List<(AccountSid, byte[])> Seals() =>
        [.. Rows("SELECT sid, secondary_seal FROM account WHERE secondary_seal <> zeroblob(96) UNION SELECT sid, primary_seal FROM account WHERE primary_seal <> zeroblob(96)")
            .Select(row => (AccountSid.FromBytes((byte[])row[0]), (byte[])row[1]))];

    private List<object[]> Rows(string query)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(_loot, "tandem.db"), Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var row = command.ExecuteReader();
        var rows = new List<object[]>();
        while (row.Read())
        {
            var values = new object[row.FieldCount];
            row.GetValues(values);
            rows.Add(values);
        }

        return rows;
    }
}
