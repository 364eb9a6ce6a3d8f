using Microsoft.Data.Sqlite;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>Writes to a database past the store, as somebody does who has the file.</summary>
internal static class RawDatabase
{
    /// <summary>Runs statements, past what the tables demand of their rows.</summary>
    public static void Run(string directory, params ReadOnlySpan<string> statements)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "tandem.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA ignore_check_constraints = ON";
        command.ExecuteNonQuery();
        foreach (var sql in statements)
        {
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Runs a statement that changes something.</summary>
    public static async Task WriteAsync(string directory, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "tandem.db")};Pooling=False");
        connection.Open();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }
}
