using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>
/// The one connection that writes, on a thread of its own, since SQLite blocks. Whatever waits when a transaction begins goes into it together (group
/// commit); if that fails because of one write, each is done alone, so that none suffers from its neighbours. Safe for concurrent use.
/// </summary>
internal sealed class SqliteWriter(SqliteDatabase database) : IAsyncDisposable
{
    private const int MaxWritesPerTransaction = 256;
    private const long MaxBytesPerTransaction = 16 * 1024 * 1024;

    private readonly BlockingCollection<SqliteWrite> _queue = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly SqliteWriteLock _lock = new(database);
    private readonly SqliteWalKeeper _wal = new(database);
    private SqliteSession? _session;
    private Thread? _thread;
    private bool _closed;
    private volatile bool _hasOpened;

    /// <summary>Whether the database was opened before, so that it exists.</summary>
    public bool HasOpened => _hasOpened;

    /// <summary>Why the write-ahead log cannot be emptied, or null.</summary>
    public string? Warning => _wal.Warning;

    /// <summary>Runs the work in a transaction. Cancelling takes it back while it waits; once begun, it is carried through.</summary>
    /// <param name="work">Statements; may run more than once, and must check before it changes anything.</param>
    /// <param name="sizeBytes">Bytes it is going to write, roughly.</param>
    /// <param name="cancellationToken">Takes the work back.</param>
    public Task<T> RunAsync<T>(Func<SqliteSession, T> work, long sizeBytes, CancellationToken cancellationToken) =>
        EnqueueAsync(work, sizeBytes, cancellationToken);

    /// <inheritdoc cref="RunAsync{T}(Func{SqliteSession, T}, long, CancellationToken)"/>
    public Task<T> RunAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) => EnqueueAsync(work, 0, cancellationToken);

    /// <summary>Returns when the database is open, its tables made.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => EnqueueAsync<bool>(null, 0, cancellationToken);

    /// <summary>Takes no more, finishes what waits (unless somebody else keeps the lock), closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                _queue.CompleteAdding();
                _lock.BeginClosing();
                if (_thread is null)
                {
                    CloseAll();
                }
            }
        }

        await _ended.Task.ConfigureAwait(false);
    }

    private Task<T> EnqueueAsync<T>(Func<SqliteSession, T>? work, long sizeBytes, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromException<T>(SqliteErrors.Closed(database));
            }

            if (_thread is null)
            {
                _thread = new Thread(Work) { IsBackground = true, Name = "dashstream-sqlite" };
                _thread.Start();
            }

            var write = new SqliteWriteOf<T>(work, sizeBytes, cancellationToken);
            _queue.Add(write, CancellationToken.None);
            return write.Task;
        }
    }

    private void Work()
    {
        var turn = new List<SqliteWrite>();
        while (_queue.TryTake(out var first, Timeout.Infinite))
        {
            Gather(turn, first);
            Carry(turn);
            turn.Clear();
        }

        CloseAll();
    }

    private void CloseAll()
    {
        _session?.Dispose();
        _queue.Dispose();
        _lock.Dispose();
        _ended.TrySetResult();
    }

    private void Gather(List<SqliteWrite> turn, SqliteWrite first)
    {
        long bytes = 0;
        var next = first;
        do
        {
            if (next.TryTake())
            {
                turn.Add(next);
                bytes += next.SizeBytes;
            }
        }
        while (turn.Count < MaxWritesPerTransaction && bytes < MaxBytesPerTransaction && _queue.TryTake(out next));
    }

    private void Carry(List<SqliteWrite> turn)
    {
        var failure = TryOpen();
        turn.RemoveAll(write => CompleteUnlessNeeded(write, failure));
        if (turn.Count == 0)
        {
            return;
        }

        var outcomes = new Exception?[turn.Count];
        var error = TryTransaction(turn, outcomes);
        for (var i = 0; i < turn.Count; i++)
        {
            var alone = error is not null && turn.Count > 1 && error is not StreamException { IsTransient: true };
            turn[i].Complete(alone ? CarryAlone(turn[i]) : error ?? outcomes[i]);
        }

        if (_session is not null)
        {
            _wal.Keep(_session);
        }
    }

    private Exception? CarryAlone(SqliteWrite write)
    {
        var outcomes = new Exception?[1];
        return TryTransaction([write], outcomes) ?? outcomes[0];
    }

    private static bool CompleteUnlessNeeded(SqliteWrite write, Exception? failure)
    {
        if (failure is null && write.NeedsTransaction)
        {
            return false;
        }

        write.Complete(failure);
        return true;
    }

    private Exception? TryOpen()
    {
        try
        {
            Open();
            return null;
        }
        catch (SqliteException e)
        {
            return SqliteErrors.Map(e, database);
        }
        catch (Exception e)
        {
            // Whatever it was belongs to the callers; the thread must live on for later ones.
            return e;
        }
    }

    /// <summary>Returns why the transaction failed, or null; then <paramref name="outcomes"/> tells about each write.</summary>
    private Exception? TryTransaction(List<SqliteWrite> turn, Exception?[] outcomes)
    {
        try
        {
            Open();
            _lock.Begin(_session);
            for (var i = 0; i < turn.Count; i++)
            {
                outcomes[i] = TryExecute(turn[i], _session);
            }

            _session.Execute("COMMIT");
            return null;
        }
        catch (StreamException e) when (_session is { InTransaction: false })
        {
            // The lock was not to be had.
            return e;
        }
        catch (SqliteException e)
        {
            Undo(keepSession: SqliteErrors.LeavesConnectionUsable(e));
            return SqliteErrors.Map(e, database);
        }
        catch (Exception e)
        {
            // Whatever it was belongs to the callers; the thread must live on for the others.
            Undo(keepSession: false);
            return e;
        }
    }

    [MemberNotNull(nameof(_session))]
    private void Open()
    {
        if (_hasOpened)
        {
            database.ThrowIfGone();
        }

        _session ??= database.OpenWriter();
        _hasOpened = true;
    }

    private static StreamException? TryExecute(SqliteWrite write, SqliteSession session)
    {
        try
        {
            write.Execute(session);
            return null;
        }
        catch (StreamException e)
        {
            return e;
        }
    }

    private void Undo(bool keepSession)
    {
        if (_session is not { } session)
        {
            return;
        }

        try
        {
            if (session.InTransaction)
            {
                session.Execute("ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            // Closing the connection rolls back; the first error is the one to report.
            keepSession = false;
        }

        if (!keepSession)
        {
            session.Dispose();
            _session = null;
        }
    }
}
