using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>
/// One prepared SQL statement on one connection. One statement a command, always: in a command of several, the provider loses the
/// errors of the later ones once an earlier one has returned rows.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly DbCommand _command;

    public Statement(DbConnection connection, string sql, params ReadOnlySpan<(string Name, DbType Type)> parameters)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        foreach (var (name, type) in parameters)
        {
            var parameter = _command.CreateParameter();
            parameter.ParameterName = name;
            parameter.DbType = type;
            _command.Parameters.Add(parameter);
        }
    }

    public Statement In(DbTransaction? transaction)
    {
        _command.Transaction = transaction;
        return this;
    }

    public Statement With(params ReadOnlySpan<object> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, _command.Parameters.Count);
        for (var i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i];
        }

        return this;
    }

    public DbDataReader Read() => _command.ExecuteReader();

    /// <summary>Runs it; a statement that must change exactly one row and did not is a fault.</summary>
    public void ChangeOneRow()
    {
        if (_command.ExecuteNonQuery() is var rows && rows != 1)
        {
            throw new InvalidDataException($"A statement changed {rows} rows instead of one.");
        }
    }

    public int Execute() => _command.ExecuteNonQuery();

    public void Dispose() => _command.Dispose();
}
