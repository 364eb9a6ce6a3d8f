using System.Data;
using System.Data.Common;
using System.Text;

namespace Tandem.Storage;

/// <summary>
/// A SELECT with the conditions that were asked for. Every part of the text is a constant; what the caller named goes into parameters.
/// </summary>
internal sealed class Where(string select)
{
    private readonly StringBuilder _sql = new(select + " WHERE 1 = 1");
    private readonly List<(string Name, DbType Type)> _parameters = [];
    private readonly List<object> _values = [];

    /// <summary>Adds a condition.</summary>
    public Where And(string condition)
    {
        _sql.Append(" AND ").Append(condition);
        return this;
    }

    /// <summary>Adds a condition, unless there is no value for its parameter.</summary>
    public Where And(string condition, string name, DbType type, object? value)
    {
        if (value is not null)
        {
            And(condition);
            _parameters.Add((name, type));
            _values.Add(value);
        }

        return this;
    }

    /// <summary>Adds two values that one condition compares together, unless there is no first one.</summary>
    public Where And(string condition, (string Name, DbType Type) first, object? value, (string Name, DbType Type) second, object? other)
    {
        if (value is not null && other is not null)
        {
            And(condition);
            _parameters.AddRange([first, second]);
            _values.AddRange([value, other]);
        }

        return this;
    }

    /// <summary>The statement, with its order and its limit.</summary>
    public Statement On(DbConnection connection, string order, long limit, long skip = 0)
    {
        _sql.Append(" ORDER BY ").Append(order).Append(" LIMIT @limit OFFSET @skip");
        return new Statement(connection, _sql.ToString(), [.. _parameters, ("@limit", DbType.Int64), ("@skip", DbType.Int64)])
            .With([.. _values, limit, skip]);
    }
}
