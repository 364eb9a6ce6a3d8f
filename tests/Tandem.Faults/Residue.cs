using Microsoft.Data.Sqlite;
using Tandem.Cli.Claims;

namespace Tandem.Faults;

/// <summary>
/// What may not be left of a retired token in any file: its text (plain, UTF-16, base64 at the three alignments), its verifier and its seal.
/// </summary>
internal sealed class Residue
{
    private readonly List<(string What, byte[] Bytes)> _patterns = [];

    /// <summary>The forms of a token's text.</summary>
    public Residue(string token) => _patterns.AddRange(TokenForms.Of(token));

    /// <summary>Notes what the database holds of an account's tokens now: both verifiers, both seals.</summary>
    public Residue WithRow(string dataDirectory, string sid)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(dataDirectory, "tandem.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT primary_verifier, primary_seal, secondary_verifier, secondary_seal FROM account WHERE sid = $sid";
        command.Parameters.AddWithValue("$sid", Convert.FromHexString(sid.AsSpan(2)));
        using var row = command.ExecuteReader();
        row.Read();
        string[] names = ["primary verifier", "primary seal", "secondary verifier", "secondary seal"];
        for (var i = 0; i < names.Length; i++)
        {
            var bytes = row.GetFieldValue<byte[]>(i);
            if (bytes.AsSpan().IndexOfAnyExcept((byte)0) >= 0)
            {
                _patterns.Add((names[i], bytes));
                if (i % 2 == 0)
                {
                    _patterns.Add((names[i], bytes[..8])); // as long as a tombstone, which must be none of it
                }
            }
        }

        return this;
    }

    /// <summary>Leaves out what is to stay: the promoted token keeps its verifier.</summary>
    public Residue Except(string what)
    {
        _patterns.RemoveAll(p => string.Equals(p.What, what, StringComparison.Ordinal));
        return this;
    }

    /// <summary>
    /// Where something was found, in words; empty when nothing was. While this process holds a transaction on the database,
    /// <paramref name="pattern"/> must leave out the database and its -shm: closing a file drops all of a process's locks on it.
    /// </summary>
    public IReadOnlyList<string> FindIn(string dataDirectory, string pattern = "*") => TokenForms.FindIn(dataDirectory, _patterns, pattern);

    /// <summary>Whether a text (a log, an output) holds the token in any form.</summary>
    public bool IsIn(string text) => TokenForms.AreIn(text, _patterns);
}
