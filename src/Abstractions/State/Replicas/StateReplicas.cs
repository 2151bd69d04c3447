using System.Diagnostics.CodeAnalysis;
using DashStream.Protocol;

namespace DashStream.State;

/// <summary>
/// Follows the states of many threads, each by a <see cref="StateReplica"/> that is made when its first message comes. Bounded by threads and by bytes of states:
/// the thread not used for longest goes, and is followed anew, from its next full state or checkpoint on, when it comes back. Safe to use concurrently; messages
/// of one thread should be offered in order.
/// </summary>
public sealed class StateReplicas
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Tenant, string Thread), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private readonly StateReplicaOptions _options;
    private long _bytes;

    /// <summary>Makes an empty set.</summary>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public StateReplicas(StateReplicaOptions? options = null) => _options = (options ?? new StateReplicaOptions()).Checked();

    /// <summary>Raised for every state that a thread comes to; see <see cref="StateReplica.Moved"/>.</summary>
    public event EventHandler<StateReplicaEventArgs>? Moved;

    /// <summary>Raised when a thread cannot go on by itself; see <see cref="StateReplica.ResyncNeeded"/>. The sender is the <see cref="StateReplica"/>.</summary>
    public event EventHandler<StateReplicaEventArgs>? ResyncNeeded;

    /// <summary>Threads that are followed now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Bytes of the states that are kept now.</summary>
    public long StateBytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>The replica of a thread, if it is followed now. It may go any time others need the room; then it is not told of messages any more.</summary>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="replica">The replica.</param>
    public bool TryGet(string tenantId, string threadId, [NotNullWhen(true)] out StateReplica? replica)
    {
        lock (_gate)
        {
            replica = _entries.TryGetValue((tenantId, threadId), out var node) ? node.Value.Replica : null;
            return replica is not null;
        }
    }

    /// <inheritdoc cref="StateReplica.Offer(ReceivedMessage)"/>
    public StateOffer Offer(ReceivedMessage received)
    {
        ArgumentNullException.ThrowIfNull(received);
        return Offer(received.Message, received.Position, MessageParts.ProducerOf(received.Record, received.Header));
    }

    /// <inheritdoc cref="StateReplica.Offer(DashStreamMessage, StreamPosition?, string?)"/>
    public StateOffer Offer(DashStreamMessage message, StreamPosition? position = null, string? producer = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (MessageParts.HeaderOf(message) is not { ThreadId.Length: > 0 } header)
        {
            return StateOffer.NotState;
        }

        var entry = EntryOf(header.TenantId, header.ThreadId);
        var offer = entry.Replica.Offer(message, position, producer);
        Weigh(entry);
        return offer;
    }

    /// <summary>Forgets a thread. Returns false when it was not followed.</summary>
    /// <param name="tenantId">The tenant; empty for none.</param>
    /// <param name="threadId">The thread.</param>
    public bool Remove(string tenantId, string threadId)
    {
        lock (_gate)
        {
            return _entries.TryGetValue((tenantId, threadId), out var node) && Drop(node);
        }
    }

    private Entry EntryOf(string tenantId, string threadId)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue((tenantId, threadId), out var node))
            {
                _byUse.Remove(node);
                _byUse.AddLast(node);
                return node.Value;
            }

            var replica = new StateReplica(threadId, tenantId, _options);
            replica.Moved += (sender, e) => Moved?.Invoke(sender, e);
            replica.ResyncNeeded += (sender, e) => ResyncNeeded?.Invoke(sender, e);
            node = _byUse.AddLast(new Entry(replica));
            _entries[(tenantId, threadId)] = node;
            MakeRoom();
            return node.Value;
        }
    }

    private void Weigh(Entry entry)
    {
        var bytes = entry.Replica.Moment?.State.Length ?? 0;
        lock (_gate)
        {
            // One that went meanwhile weighs nothing any more.
            if (_entries.TryGetValue((entry.Replica.TenantId, entry.Replica.ThreadId), out var node) && node.Value == entry)
            {
                _bytes += bytes - entry.Bytes;
                entry.Bytes = bytes;
                MakeRoom();
            }
        }
    }

    private void MakeRoom()
    {
        while (_entries.Count > 1 && (_entries.Count > _options.MaxThreads || _bytes > _options.MaxTotalStateBytes))
        {
            Drop(_byUse.First!);
            ReplicaMeter.Evicted.Add(1);
        }
    }

    private bool Drop(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
        return _entries.Remove((node.Value.Replica.TenantId, node.Value.Replica.ThreadId));
    }

    private sealed class Entry(StateReplica replica)
    {
        public StateReplica Replica { get; } = replica;

        public long Bytes { get; set; }
    }
}
