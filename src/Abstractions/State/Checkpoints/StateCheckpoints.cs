using DashStream.Protocol;

namespace DashStream.State;

/// <summary>
/// Saves states of threads in a store and finds them again, verified: version, SHA-256, thread, state hash. A damaged checkpoint is never used and never
/// hides an older good one. Safe to use concurrently; of one thread, save one at a time.
/// </summary>
public sealed class StateCheckpoints
{
    private readonly ICheckpointStore _store;
    private readonly StateCheckpointOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Uses a store.</summary>
    /// <param name="store">Where they are kept; not owned.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public StateCheckpoints(ICheckpointStore store, StateCheckpointOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _options = (options ?? new StateCheckpointOptions()).Checked();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Saves a state of a thread that comes from no message, such as an agent's own.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="state">The state as UTF-8 JSON.</param>
    /// <param name="metadata">What to keep beside it; names that begin with <c>ds-</c> are ours.</param>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <param name="cancellationToken">Ends the wait; the checkpoint may be there all the same.</param>
    /// <exception cref="StreamException">The state is not JSON or too large, or the store failed.</exception>
    public ValueTask<StateCheckpoint> SaveAsync(
        string threadId, ReadOnlyMemory<byte> state, IReadOnlyDictionary<string, string>? metadata = null, string tenantId = "", CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        ArgumentNullException.ThrowIfNull(tenantId);
        var moment = new StateMoment { ThreadId = threadId, TenantId = tenantId, State = state, Hash = StateHash.Of(state, _options.State), TimestampUs = NowUs() };
        return SaveAsync(moment, metadata, cancellationToken);
    }

    /// <summary>Saves the state of a moment, such as a replica's; then removes what is beyond the limits.</summary>
    /// <param name="moment">The moment.</param>
    /// <param name="metadata">What to keep beside it; names that begin with <c>ds-</c> are ours.</param>
    /// <param name="cancellationToken">Ends the wait; the checkpoint may be there all the same.</param>
    /// <exception cref="StateHashMismatchException">The state does not have its hash.</exception>
    /// <exception cref="StreamException">The state is not JSON or too large, or the store failed.</exception>
    public async ValueTask<StateCheckpoint> SaveAsync(
        StateMoment moment, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(moment);
        if (metadata?.Keys.FirstOrDefault(key => key.StartsWith("ds-", StringComparison.Ordinal)) is { } ours)
        {
            throw new ArgumentException($"The metadata has '{ours}'; names that begin with ds- are ours.", nameof(metadata));
        }

        StateChecks.Verify(moment.State, moment.Hash, _options.State);
        var names = await _store.ListAsync(moment.TenantId, moment.ThreadId, cancellationToken).ConfigureAwait(false);

        // A clock that was set back must not make the new one older than those that are there.
        var createdUs = Math.Max(NowUs(), names.Count == 0 ? 0 : names[0].CreatedUs + 1);
        var name = new CheckpointName(moment.TenantId, moment.ThreadId, createdUs, Guid.NewGuid());
        var checkpoint = new StateCheckpoint(name, moment, metadata ?? new Dictionary<string, string>());
        var message = CheckpointMessages.Make(checkpoint, _options, byReference: false);
        await _store.SaveAsync(name, CheckpointEnvelope.Wrap(Google.Protobuf.MessageExtensions.ToByteArray(message)), cancellationToken).ConfigureAwait(false);
        await RemoveAsync(names, newestGood: name, keptAlready: 1, cancellationToken).ConfigureAwait(false);
        return checkpoint;
    }

    /// <summary>Loads and verifies one.</summary>
    /// <exception cref="CheckpointException">It is not there, or cannot be used.</exception>
    /// <exception cref="StreamException">The store failed.</exception>
    public async ValueTask<StateCheckpoint> LoadAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        var content = await _store.LoadAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new CheckpointException(CheckpointFault.StateMissing, $"There is no checkpoint {name.Id:N} of thread '{name.ThreadId}' in the store.");
        return CheckpointMessages.Read(CheckpointEnvelope.Unwrap(content), name, _options);
    }

    /// <summary>The checkpoints of a thread, newest first; none of them is looked into.</summary>
    /// <exception cref="StreamException">The store failed.</exception>
    public ValueTask<IReadOnlyList<CheckpointName>> ListAsync(string threadId, string tenantId = "", CancellationToken cancellationToken = default) =>
        _store.ListAsync(tenantId, threadId, cancellationToken);

    /// <summary>Finds the newest good checkpoint of a thread, going back over those that cannot be used.</summary>
    /// <param name="threadId">The thread.</param>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <param name="fits">Which good ones are wanted; null means all. One that is not wanted is passed over.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="StreamException">The store failed.</exception>
    public async ValueTask<CheckpointRecovery> RecoverAsync(
        string threadId, string tenantId = "", Func<StateMoment, bool>? fits = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(threadId);
        var bad = new List<BadCheckpoint>();
        foreach (var name in await _store.ListAsync(tenantId, threadId, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                var checkpoint = await LoadAsync(name, cancellationToken).ConfigureAwait(false);
                if (fits?.Invoke(checkpoint.Moment) != false)
                {
                    return new CheckpointRecovery(checkpoint, bad);
                }
            }
            catch (CheckpointException e)
            {
                bad.Add(new BadCheckpoint(name, e));
            }
        }

        return new CheckpointRecovery(null, bad);
    }

    /// <summary>Removes what is beyond <see cref="StateCheckpointOptions.KeepCount"/> and <see cref="StateCheckpointOptions.KeepAge"/>; the newest good one stays.</summary>
    /// <returns>How many were removed.</returns>
    /// <exception cref="StreamException">The store failed.</exception>
    public async ValueTask<int> ApplyRetentionAsync(string threadId, string tenantId = "", CancellationToken cancellationToken = default)
    {
        var recovery = await RecoverAsync(threadId, tenantId, null, cancellationToken).ConfigureAwait(false);
        var names = await _store.ListAsync(tenantId, threadId, cancellationToken).ConfigureAwait(false);
        return await RemoveAsync(names, recovery.Checkpoint?.Name, keptAlready: 0, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The message for a saved checkpoint, for a producer or <see cref="DashStreamRun.Record"/>: with its state, or, above
    /// <see cref="StateCheckpointOptions.MaxInlineBytes"/>, with its place in the store. Numbers are left to the producer.
    /// </summary>
    public Checkpoint ToMessage(StateCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var message = CheckpointMessages.Make(checkpoint, _options, checkpoint.Moment.State.Length > _options.MaxInlineBytes);
        message.Header.Sequence = 0;
        return message;
    }

    /// <summary>The state of a checkpoint message, its own or the one in the store, verified against the message's checksum.</summary>
    /// <exception cref="CheckpointException">It is not there, or cannot be used.</exception>
    /// <exception cref="StreamException">The store failed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadStateAsync(Checkpoint message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.StorageUri.Length == 0 || !message.State.IsEmpty)
        {
            return PackedState.Unpack(message, _options.State);
        }

        if (!CheckpointName.TryParseUri(message.StorageUri, message.Header?.TenantId ?? "", message.Header?.ThreadId ?? "", out var name))
        {
            throw new CheckpointException(CheckpointFault.StateMissing, "The checkpoint names a place for its state that is none of this store.");
        }

        var stored = await LoadAsync(name, cancellationToken).ConfigureAwait(false);
        var inline = new Checkpoint { State = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(stored.Moment.State), Checksum = message.Checksum };
        return PackedState.Unpack(inline, _options.State);
    }

    private async ValueTask<int> RemoveAsync(IReadOnlyList<CheckpointName> names, CheckpointName? newestGood, int keptAlready, CancellationToken cancellationToken)
    {
        var oldestUs = _options.KeepAge is { } age ? NowUs() - (age.Ticks / TimeSpan.TicksPerMicrosecond) : 0;
        var removed = 0;
        foreach (var (i, name) in names.Index())
        {
            var isBeyond = name.CreatedUs < oldestUs || (_options.KeepCount > 0 && i + keptAlready >= _options.KeepCount);
            if (isBeyond && name != newestGood && await _store.DeleteAsync(name, cancellationToken).ConfigureAwait(false))
            {
                removed++;
            }
        }

        return removed;
    }

    private long NowUs() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
