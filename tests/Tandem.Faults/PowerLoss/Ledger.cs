using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;

namespace Tandem.Faults.PowerLoss;

/// <summary>Which tokens an account has.</summary>
internal sealed record Tokens(string Primary, string? Secondary);

/// <summary>What the clients were told, answer by answer: the tokens of every account after each of them.</summary>
internal sealed partial class Ledger
{
    private readonly List<Dictionary<string, Tokens>> _states = [];
    private readonly List<int> _retired = [0];
    private readonly HashSet<(string Sid, string Text)> _texts = [];

    public Ledger(IEnumerable<(string Sid, string Token)> accounts)
    {
        _states.Add(accounts.ToDictionary(a => a.Sid, a => new Tokens(a.Token, null), StringComparer.Ordinal));
        _texts.UnionWith(_states[0].Select(a => (a.Key, a.Value.Primary)));
    }

    /// <summary>How many answers there were.</summary>
    public int Answers => _states.Count - 1;

    public Tokens this[string sid] => _states[^1][sid];

    /// <summary>An answer came, and this is what the account has from then on.</summary>
    public void Answered(string sid, Tokens tokens)
    {
        var before = this[sid];
        var retires = before.Primary != tokens.Primary || (before.Secondary is not null && tokens.Secondary is null);
        _retired.Add(_retired[^1] + (retires ? 1 : 0));
        _states.Add(new(_states[^1], StringComparer.Ordinal) { [sid] = tokens });
        _texts.UnionWith(new[] { tokens.Primary, tokens.Secondary }.OfType<string>().Select(text => (sid, text)));
    }

    /// <summary>
    /// Starts on what a power cut left after so many answers. What is there must be what they said, or what the next one was about to say: null then,
    /// else what is wrong.
    /// </summary>
    public async Task<string?> JudgeAsync(string directory, RootKey rootKey, int answers)
    {
        var anchored = Anchored(directory);
        if (anchored < _retired[answers] || anchored > _retired[Math.Min(answers + 1, Answers)])
        {
            return $"after {_retired[answers]} calls that retired a token the anchor knows of {anchored}";
        }

        try
        {
            var found = await CheckAsync(directory, rootKey);
            if (Integrity(directory) is { } broken)
            {
                return broken;
            }

            return found.SetEquals(Expected(_states[answers])) || (answers < Answers && found.SetEquals(Expected(_states[answers + 1]))) ? null
                : $"after {answers} answers {Difference(found, Expected(_states[answers]))}";
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    private static HashSet<(string, string, Slot)> Expected(Dictionary<string, Tokens> state) =>
    [
        .. state.Select(a => (a.Key, a.Value.Primary, Slot.Primary)),
        .. state.Where(a => a.Value.Secondary is not null).Select(a => (a.Key, a.Value.Secondary!, Slot.Secondary)),
    ];

    private static string Difference(HashSet<(string, string, Slot)> found, HashSet<(string, string, Slot)> expected) =>
        $"{expected.Except(found).Count()} tokens are refused that were acknowledged, and {found.Except(expected).Count()} are accepted that are retired";

    /// <summary>How many whole lines about a retired token the anchor has.</summary>
    private static int Anchored(string directory) =>
        File.ReadLines(AnchorIn(directory), Encoding.Latin1).Count(line => RetiringLine().IsMatch(line));

    private static string AnchorIn(string directory) => Directory.GetFiles(directory, "*.anchor").Single();

    private static string? Integrity(string directory)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, "tandem.db"), Pooling = false }.ToString());
        connection.Open();
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        return check.ExecuteScalar() as string is "ok" ? null : "the database is damaged";
    }

    /// <summary>Every text that ever was a token, and what it is now.</summary>
    private async Task<HashSet<(string, string, Slot)>> CheckAsync(string directory, RootKey rootKey)
    {
        await using var store = SqliteAccountStore.Open(
            new() { Directory = directory, RootKey = rootKey, AnchorFile = AnchorIn(directory), Stop = static reason => throw new StoreException(reason) }, NullLogger.Instance);
        var verifier = new Verifier(store.Index, store.Keys);
        return
        [
            .. _texts.Select(t => (t.Sid, t.Text, Verdict: verifier.Verify(AccountSid.Parse(t.Sid), Encoding.ASCII.GetBytes(t.Text))))
                .Where(t => t.Verdict.IsValid)
                .Select(t => (t.Sid, t.Text, t.Verdict.Slot)),
        ];
    }

    [GeneratedRegex("^[0-9]{15} [0-9a-f]{64} AC[0-9a-f]{32} secondary_(promoted|deleted) ", RegexOptions.ExplicitCapture)]
    private static partial Regex RetiringLine();
}
