using System.Runtime.ExceptionServices;
using System.Text;
using DashStream.Protocol;

namespace DashStream.Analysis;

/// <summary>
/// Copies a topic of the original's stores into a topic of any provider: order, times, keys (thread ids) and every group's committed position. Payload bytes
/// stay as they are, with a frame byte before them. One import at a time an instance.
/// </summary>
public sealed class OriginalStoreImport
{
    private const int ChunkRecords = 500;
    private const int ChunkBytes = 4 * 1024 * 1024;
    private const byte PlainFrame = 0x00;
    private const byte LastFrame = 0x02;

    private static ReadOnlySpan<byte> ZstdMagic => [0x28, 0xB5, 0x2F, 0xFD];

    private readonly IStreamProvider _provider;
    private readonly string _topic;
    private readonly OriginalImportOptions _options;
    private readonly MessageCodec _codec = new(new MessageCodecOptions
    {
        Decoding = FrameDecoding.Compatible,
        RequireHeader = false,
        SchemaPolicy = SchemaCompatibility.Any,
    });

    private readonly List<(OriginalEntry Entry, StreamRecord Record, bool IsMessage)> _chunk = [];
    private readonly SortedDictionary<long, GroupMarks> _marks = [];
    private long _chunkBytes;
    private long _read;
    private long _imported;
    private long _keptRaw;
    private long _skipped;

    /// <summary>An import into one topic.</summary>
    /// <param name="provider">The target; not disposed here.</param>
    /// <param name="topic">The target topic; made when it is missing.</param>
    /// <param name="options">Null means the defaults.</param>
    public OriginalStoreImport(IStreamProvider provider, string topic, OriginalImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(provider);
        StreamNames.ThrowIfInvalidTopic(topic);
        _provider = provider;
        _topic = topic;
        _options = options ?? new OriginalImportOptions();
    }

    /// <summary>What was done so far: also to be asked after <see cref="RunAsync"/> threw or was cancelled.</summary>
    public OriginalImportReport Report { get; private set; } = new(0, 0, 0, 0, [], []);

    /// <summary>
    /// Copies all entries, then the groups. A bad entry is reported and counted, and the rest goes on. Groups move only when every entry was looked at.
    /// </summary>
    /// <param name="entries">The source's entries, in its order.</param>
    /// <param name="groups">The source's groups.</param>
    /// <param name="cancellationToken">Ends the import; what was stored stays, and <see cref="Report"/> says how much.</param>
    /// <exception cref="StreamException">The target refused or failed, or holds records already (<see cref="StreamErrorKind.AlreadyExists"/>).</exception>
    public async Task<OriginalImportReport> RunAsync(
        IAsyncEnumerable<OriginalEntry> entries, IReadOnlyList<OriginalGroup> groups, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(groups);
        await PrepareTopicAsync(cancellationToken).ConfigureAwait(false);
        foreach (var group in groups)
        {
            _marks.TryAdd(group.NextOffset, new GroupMarks());
        }

        var producer = await _provider.OpenProducerAsync(_topic, cancellationToken).ConfigureAwait(false);
        await using (producer.ConfigureAwait(false))
        {
            await CopyAsync(producer, entries, cancellationToken).ConfigureAwait(false);
        }

        await MoveGroupsAsync(groups, cancellationToken).ConfigureAwait(false);
        return Report;
    }

    private async Task PrepareTopicAsync(CancellationToken cancellationToken)
    {
        var existing = await _provider.Admin.DescribeTopicAsync(_topic, cancellationToken).ConfigureAwait(false);
        if (existing is null)
        {
            await _provider.Admin.CreateTopicAsync(new TopicSpec(_topic, _options.Partitions), cancellationToken).ConfigureAwait(false);
        }
        else if (!_options.Append && existing.Partitions.Any(partition => partition.Bounds.Begin != partition.Bounds.End))
        {
            throw new StreamException(StreamErrorKind.AlreadyExists,
                $"Topic '{_topic}' holds records already; importing again would double them. Choose another topic, or say that appending is meant.");
        }
    }

    private async Task CopyAsync(IStreamProducer producer, IAsyncEnumerable<OriginalEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                _read++;
                Take(entry);
                if (_chunk.Count >= ChunkRecords || _chunkBytes >= ChunkBytes)
                {
                    await StoreChunkAsync(producer).ConfigureAwait(false);
                }
            }
        }
        catch (ImportException)
        {
            // The source broke: what it gave until then is stored all the same.
            await StoreChunkAsync(producer).ConfigureAwait(false);
            throw;
        }

        await StoreChunkAsync(producer).ConfigureAwait(false);
    }

    private void Take(OriginalEntry entry)
    {
        if (entry.Fault is not null)
        {
            Skip(entry, entry.Fault);
            return;
        }

        try
        {
            var message = _codec.Decode(entry.Data);
            var thread = MessageParts.HeaderOf(message)?.ThreadId ?? "";
            Put(entry, new StreamRecord(Encoding.UTF8.GetBytes(thread), Framed(entry.Data, message), null, entry.TimestampUs), isMessage: true);
        }
        catch (CodecException e) when (_options.KeepUndecodable)
        {
            _options.Reported?.Invoke($"{entry.Place}: kept as it is although it is no message: {e.Message}");
            Put(entry, new StreamRecord(default, entry.Data, null, entry.TimestampUs), isMessage: false);
        }
        catch (CodecException e)
        {
            Skip(entry, $"its payload is no message: {e.Message.TrimEnd('.')}");
        }
    }

    private ReadOnlyMemory<byte> Framed(ReadOnlyMemory<byte> data, DashStreamMessage message)
    {
        if (!data.IsEmpty && data.Span[0] <= LastFrame)
        {
            return data;
        }

        if (!data.Span.StartsWith(ZstdMagic))
        {
            return (byte[])[PlainFrame, .. data.Span];
        }

        // Bare Zstandard data of old writers has no frame that strict readers know, so it is framed anew.
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        _codec.Encode(message, buffer);
        return buffer.WrittenMemory;
    }

    private void Put(OriginalEntry entry, StreamRecord record, bool isMessage)
    {
        _chunk.Add((entry, record, isMessage));
        _chunkBytes += record.SizeBytes;
    }

    private void Skip(OriginalEntry entry, string fault)
    {
        _skipped++;
        _options.Reported?.Invoke($"{entry.Place}: {fault}; not imported");
    }

    // Not cancelled in the middle: what was begun is stored whole, and counted.
    private async Task StoreChunkAsync(IStreamProducer producer)
    {
        var results = await producer.SendBatchAsync(_chunk.ConvertAll(item => item.Record), CancellationToken.None).ConfigureAwait(false);
        var lost = new List<(OriginalEntry Entry, StreamException Error)>();
        for (var i = 0; i < results.Count; i++)
        {
            var (entry, _, isMessage) = _chunk[i];
            if (results[i].IsStored)
            {
                _ = isMessage ? _imported++ : _keptRaw++;
                Mark(entry.Offset, results[i].Position);
            }
            else if (results[i].Error is { Kind: StreamErrorKind.TooLarge or StreamErrorKind.InvalidRequest } refused)
            {
                Skip(entry, refused.Message.TrimEnd('.'));
            }
            else
            {
                lost.Add((entry, results[i].Error!));
            }
        }

        _chunk.Clear();
        _chunkBytes = 0;
        _skipped += lost.Count;
        Report = Report with { Read = _read, Imported = _imported, KeptRaw = _keptRaw, Skipped = _skipped };
        _options.Progress?.Invoke(_read);
        if (lost.Count > 0)
        {
            _options.Reported?.Invoke($"{lost[0].Entry.Place} and {lost.Count - 1} more up to {lost[^1].Entry.Place}: not stored; the import ends here");
            ExceptionDispatchInfo.Throw(lost[0].Error);
        }
    }

    /// <summary>For each committed position of the source: the first record of each partition that lies at or behind it.</summary>
    private void Mark(long offset, StreamPosition stored)
    {
        foreach (var (next, marks) in _marks)
        {
            if (next > offset)
            {
                marks.Before.Add(stored.Partition);
            }
            else
            {
                marks.First.TryAdd(stored.Partition, stored.Offset);
            }
        }
    }

    private async Task MoveGroupsAsync(IReadOnlyList<OriginalGroup> groups, CancellationToken cancellationToken)
    {
        var moved = new List<OriginalGroup>();
        var faults = new List<string>();
        foreach (var group in groups)
        {
            try
            {
                StreamNames.ThrowIfInvalidGroup(group.Group);
                await MoveGroupAsync(group, cancellationToken).ConfigureAwait(false);
                moved.Add(group);
            }
            catch (StreamException e)
            {
                faults.Add($"group '{group.Group}': {e.Message}");
            }
        }

        Report = Report with { Groups = moved, GroupFaults = faults };
    }

    private async Task MoveGroupAsync(OriginalGroup group, CancellationToken cancellationToken)
    {
        if (await _provider.Admin.DescribeGroupAsync(_topic, group.Group, cancellationToken).ConfigureAwait(false) is { } existing
            && existing.Partitions.Any(partition => partition.Committed is not null))
        {
            throw new StreamException(StreamErrorKind.AlreadyExists, "it has positions of its own in the target already, and they were left alone.");
        }

        var marks = _marks[group.NextOffset];
        foreach (var partition in marks.Before.Union(marks.First.Keys))
        {
            var target = marks.First.TryGetValue(partition, out var offset) ? SeekTarget.At(offset) : SeekTarget.End;
            await _provider.Admin.ResetGroupAsync(_topic, group.Group, partition, target, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Where one committed position of the source comes to lie in the target.</summary>
    private sealed class GroupMarks
    {
        /// <summary>Partitions that hold records from before it.</summary>
        public HashSet<int> Before { get; } = [];

        /// <summary>The first record at or behind it, by partition.</summary>
        public Dictionary<int, UInt128> First { get; } = [];
    }
}
