using DashStream.State;
using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>
/// Keeps checkpoints in an SQLite database of their own. Each save is a transaction that is on the disk when it returns. Safe for concurrent use, also by
/// several processes. Making one does no I/O.
/// </summary>
public sealed class SqliteCheckpointStore : ICheckpointStore
{
    private readonly SqliteDatabase _database;
    private readonly SemaphoreSlim _gate = new(1);
    private SqliteSession? _session;
    private bool _isDisposed;

    /// <summary>Names the file; it is made when first needed.</summary>
    /// <param name="path">The database file; not that of a provider.</param>
    public SqliteCheckpointStore(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        _database = new SqliteDatabase(path, new SqliteProviderOptions());
    }

    /// <inheritdoc/>
    public async ValueTask SaveAsync(CheckpointName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var bytes = content.ToArray();
        await UseAsync(
            session => session.Execute(
                "INSERT OR REPLACE INTO checkpoints (tenant, thread, created_us, id, content) VALUES (?1, ?2, ?3, ?4, ?5)",
                name.TenantId, name.ThreadId, name.CreatedUs, IdOf(name), bytes),
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> LoadAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        var content = await UseAsync(
            session => session.Prepare(
                "SELECT content FROM checkpoints WHERE tenant = ?1 AND thread = ?2 AND created_us = ?3 AND id = ?4",
                name.TenantId, name.ThreadId, name.CreatedUs, IdOf(name)).ExecuteScalar() as byte[],
            cancellationToken).ConfigureAwait(false);
        return content is null ? (ReadOnlyMemory<byte>?)null : content.AsMemory();
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CheckpointName>> ListAsync(string tenantId, string threadId, CancellationToken cancellationToken = default) =>
        await UseAsync(session => List(session, tenantId, threadId), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(CheckpointName name, CancellationToken cancellationToken = default) =>
        await UseAsync(
            session => session.Execute(
                "DELETE FROM checkpoints WHERE tenant = ?1 AND thread = ?2 AND created_us = ?3 AND id = ?4",
                name.TenantId, name.ThreadId, name.CreatedUs, IdOf(name)) > 0,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            _isDisposed = true;
            _session?.Dispose();
            _session = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    private static List<CheckpointName> List(SqliteSession session, string tenantId, string threadId)
    {
        var names = new List<CheckpointName>();
        var command = session.Prepare("SELECT created_us, id FROM checkpoints WHERE tenant = ?1 AND thread = ?2 ORDER BY created_us DESC, id DESC", tenantId, threadId);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (Guid.TryParseExact(reader.GetString(1), "N", out var id))
            {
                names.Add(new CheckpointName(tenantId, threadId, reader.GetInt64(0), id));
            }
        }

        return names;
    }

    private static string IdOf(CheckpointName name) => name.Id.ToString("N");

    private async ValueTask<T> UseAsync<T>(Func<SqliteSession, T> use, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);

            // SQLite blocks on the disk and on other processes' locks, and has no other form.
            return await Task.Run(() => Use(use), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private T Use<T>(Func<SqliteSession, T> use)
    {
        try
        {
            _session ??= SqliteCheckpointFile.Open(_database);
            _database.ThrowIfGone();
            return use(_session);
        }
        catch (SqliteException e)
        {
            if (!SqliteErrors.LeavesConnectionUsable(e))
            {
                _session?.Dispose();
                _session = null;
            }

            throw SqliteErrors.Map(e, _database);
        }
    }
}
