using System.Globalization;
using DashStream.State;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// Keeps checkpoints on a Redis or Valkey server, one hash a thread. A save survives what the server's own settings let it survive: with <c>appendonly yes</c> and
/// <c>appendfsync always</c> a loss of power, with <c>everysec</c> all but the last two seconds. Safe for concurrent use, also by several processes. Making one does
/// no I/O.
/// </summary>
public sealed class RedisCheckpointStore : ICheckpointStore
{
    private const char Parting = ':';

    private readonly RedisConnection _connection;
    private readonly string _prefix;

    /// <summary>Names the server; it is connected to with the first call.</summary>
    /// <param name="connection">Where the server is and how to be let in.</param>
    /// <param name="keyPrefix">What the names of the keys begin with; 1 to 64 letters, digits, <c>.</c>, <c>_</c> or <c>-</c>.</param>
    /// <param name="time">The clock; null means the system's. It bounds the waiting for answers.</param>
    /// <exception cref="StreamException">A setting is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public RedisCheckpointStore(RedisConnectionOptions connection, string keyPrefix = "ds", TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.Validate();
        if (KeyText.PrefixFault(nameof(keyPrefix), keyPrefix) is { } fault)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{nameof(RedisCheckpointStore)}: {fault}.");
        }

        _connection = new RedisConnection(connection, "checkpoints", time ?? TimeProvider.System);
        _prefix = keyPrefix;
    }

    /// <inheritdoc/>
    public async ValueTask SaveAsync(CheckpointName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        await _connection.ExecuteAsync("HSET", cancellationToken, KeyOf(name.TenantId, name.ThreadId), FieldOf(name), (RedisValue)content.ToArray()).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> LoadAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        var answer = await _connection.ExecuteAsync("HGET", cancellationToken, KeyOf(name.TenantId, name.ThreadId), FieldOf(name)).ConfigureAwait(false);
        return answer.IsNull ? (ReadOnlyMemory<byte>?)null : ((byte[])answer!).AsMemory();
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CheckpointName>> ListAsync(string tenantId, string threadId, CancellationToken cancellationToken = default)
    {
        var fields = (string[])(await _connection.ExecuteAsync("HKEYS", cancellationToken, KeyOf(tenantId, threadId)).ConfigureAwait(false))!;
        return
        [
            .. fields.Select(field => Parse(tenantId, threadId, field)).OfType<CheckpointName>()
                .OrderByDescending(static name => name.CreatedUs).ThenByDescending(static name => name.Id),
        ];
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(CheckpointName name, CancellationToken cancellationToken = default) =>
        (long)await _connection.ExecuteAsync("HDEL", cancellationToken, KeyOf(name.TenantId, name.ThreadId), FieldOf(name)).ConfigureAwait(false) > 0;

    /// <summary>Closes the connection.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    // A slash is in no escaped id.
    private RedisKey KeyOf(string tenantId, string threadId) => $"{_prefix}:checkpoints:{{{KeyText.Escape(tenantId)}/{KeyText.Escape(threadId)}}}";

    private static RedisValue FieldOf(CheckpointName name) => string.Create(CultureInfo.InvariantCulture, $"{name.CreatedUs}{Parting}{name.Id:N}");

    private static CheckpointName? Parse(string tenantId, string threadId, string field) =>
        field.Split(Parting) is [var time, var id] && long.TryParse(time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var createdUs)
            && Guid.TryParseExact(id, "N", out var guid)
            ? new CheckpointName(tenantId, threadId, createdUs, guid)
            : null;
}
