using System.Globalization;
using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>A connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession(SqliteConnection connection) : IDisposable
{
    private const int PrimaryCode = 0xFF;

    private readonly Dictionary<string, SqliteCommand> _commands = [];

    /// <summary>Whether a transaction is open. Some errors end one on their own.</summary>
    public bool InTransaction => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>Whether the file could only be opened for reading.</summary>
    public bool IsReadOnly => SQLitePCL.raw.sqlite3_db_readonly(connection.Handle, "main") == 1;

    /// <summary>Begins a transaction that writes, without waiting. Returns the error when somebody else holds the lock.</summary>
    public SqliteException? TryBegin()
    {
        // Past the driver, which waits in steps of its own that are far too long here.
        var result = SQLitePCL.raw.sqlite3_exec(connection.Handle, "BEGIN IMMEDIATE");
        if (result == SQLitePCL.raw.SQLITE_OK)
        {
            return null;
        }

        var error = new SqliteException(
            SQLitePCL.raw.sqlite3_errmsg(connection.Handle).utf8_to_string(), result & PrimaryCode, SQLitePCL.raw.sqlite3_extended_errcode(connection.Handle));
        return SqliteErrors.IsBusy(error) ? error : throw error;
    }

    /// <summary>A statement with its parameters <c>?1</c>, <c>?2</c>, … set. Prepared once and reused.</summary>
    public SqliteCommand Prepare(string sql, params ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"?{i}") });
            }

            command.Prepare();
            _commands.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }

    /// <summary>Runs a statement; returns how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteNonQuery();

    /// <summary>Runs a query; returns the first column of the first row, or null.</summary>
    public long? Number(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteScalar() as long?;

    /// <summary>Runs statements that are not worth keeping prepared.</summary>
    public object? ExecuteOnce(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }
}
