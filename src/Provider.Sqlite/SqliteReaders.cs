using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>
/// A bounded number of connections that read beside the writer. A read runs on the caller's thread: with a write-ahead log readers never wait for
/// writers, so it takes as long as the disk does. Safe for concurrent use.
/// </summary>
internal sealed class SqliteReaders(SqliteDatabase database, SqliteWriter writer) : IAsyncDisposable
{
    private readonly ConcurrentStack<SqliteSession> _idle = new();
    private readonly SemaphoreSlim _slots = new(database.Options.ReaderConnections);
    private volatile bool _closed;

    public async ValueTask<T> RunAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosed();
            return Run(read);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>The first use makes the file and its tables, which is the writer's part.</summary>
    public async ValueTask EnsureReadyAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (!writer.HasOpened)
        {
            await writer.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for reads under way and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        for (var i = 0; i < database.Options.ReaderConnections; i++)
        {
            await _slots.WaitAsync().ConfigureAwait(false);
        }

        while (_idle.TryPop(out var session))
        {
            session.Dispose();
        }

        _slots.Release(database.Options.ReaderConnections);
    }

    private T Run<T>(Func<SqliteSession, T> read)
    {
        SqliteSession? session = null;
        try
        {
            session = _idle.TryPop(out var idle) ? idle : database.OpenReader();
            var result = read(session);
            _idle.Push(session);
            session = null;
            return result;
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Map(e, database);
        }
        finally
        {
            session?.Dispose();
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw SqliteErrors.Closed(database);
        }
    }
}
