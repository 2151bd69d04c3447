using System.Runtime.CompilerServices;
using System.Text;
using DashStream.Protocol;

namespace DashStream.State;

/// <summary>Reads the messages of one thread from one partition. Records with the key of another thread are passed over without a look inside.</summary>
internal sealed class ThreadRecords(IStreamProvider provider, string topic, int partition, string threadId, string? tenantId)
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(250);

    private readonly TopicScan _scan = new(provider, topic);
    private readonly byte[] _key = Encoding.UTF8.GetBytes(threadId);
    private readonly MessageCodec _codec = new(new MessageCodecOptions
    {
        Decoding = FrameDecoding.Compatible,
        RequireHeader = false,
        SchemaPolicy = SchemaCompatibility.Any,
    });

    /// <summary>The partition.</summary>
    public int Partition => partition;

    /// <summary>The tenant; when any is wanted, that of the first message found.</summary>
    public string? TenantId { get; private set; } = tenantId;

    /// <summary>Records read, of any thread.</summary>
    public long Read { get; private set; }

    /// <summary>Those of the thread that are no message.</summary>
    public List<BadStateRecord> Bad { get; } = [];

    /// <summary>The thread's messages from one offset to, not including, another that the log has reached.</summary>
    public async IAsyncEnumerable<ThreadRecord> ReadAsync(UInt128 from, UInt128 end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (from >= end)
        {
            yield break;
        }

        await foreach (var record in _scan.ReadAsync(partition, SeekTarget.At(from), end, cancellationToken).ConfigureAwait(false))
        {
            if (Take(record) is { } mine)
            {
                yield return mine;
            }
        }
    }

    /// <summary>The thread's messages from an offset on, as they come, without end.</summary>
    public async IAsyncEnumerable<ThreadRecord> FollowAsync(UInt128 from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Partitions = [partition] }, cancellationToken).ConfigureAwait(false);
        await using (consumer.ConfigureAwait(false))
        {
            await consumer.SeekAsync(partition, SeekTarget.At(from), cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var batch = await consumer.ReadAsync(Wait, cancellationToken).ConfigureAwait(false);
                foreach (var record in batch.Records)
                {
                    if (Take(record) is { } mine)
                    {
                        yield return mine;
                    }
                }
            }
        }
    }

    private ThreadRecord? Take(StreamRecord record)
    {
        Read++;
        if (record.Value is not { } value || !(record.Key.IsEmpty || record.Key.Span.SequenceEqual(_key)))
        {
            return null;
        }

        var position = record.Position!.Value;
        try
        {
            var message = _codec.Decode(value);
            if (MessageParts.HeaderOf(message) is not { } header || header.ThreadId != threadId || (TenantId is not null && header.TenantId != TenantId))
            {
                return null;
            }

            TenantId ??= header.TenantId;
            return new ThreadRecord(message, new MessageOrder(MessageParts.ProducerOf(record, header), header.Sequence, position));
        }
        catch (CodecException e)
        {
            if (!Bad.Exists(bad => bad.Position == position))
            {
                Bad.Add(new BadStateRecord(position, e));
            }

            return null;
        }
    }
}

/// <summary>A message of the thread.</summary>
internal sealed record ThreadRecord(DashStreamMessage Message, MessageOrder Order)
{
    public UInt128 Offset => Order.Position!.Value.Offset;

    /// <summary>Its number; of a batch the first of its events'; 0 for none.</summary>
    public ulong Number => Message.EventBatch is { Events: [var first, ..] } ? first.Header?.Sequence ?? 0 : Order.Number;

    /// <summary>Whether a state can be had from it alone.</summary>
    public bool IsBase => Message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Checkpoint => true,
        DashStreamMessage.MessageOneofCase.StateDiff => !Message.StateDiff.FullState.IsEmpty || ReplicaCore.ReplacesAll(Message.StateDiff),
        _ => false,
    };
}
