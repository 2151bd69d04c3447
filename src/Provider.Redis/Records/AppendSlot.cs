using System.Globalization;
using DashStream.Stores;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>The records of a batch that go into one cluster slot: the call of the append script, and what its answer means.</summary>
internal sealed class AppendSlot
{
    private const int WordsPerRecord = 3;
    private const char Separator = '|';

    // What the wake stream brings readers at once.
    private const int MostRecordsToTell = 8;
    private const int MostBytesToTell = 4096;

    private readonly AppendBatch _batch;
    private readonly List<int> _partitions = [];
    private readonly List<List<int>> _indexes = [];

    public AppendSlot(AppendBatch batch) => _batch = batch;

    /// <summary>The partitions that a batch has records for, in slots.</summary>
    public static List<AppendSlot> Split(AppendBatch batch, bool spread)
    {
        var slots = new List<AppendSlot>();
        var byPartition = new Dictionary<int, List<int>>();
        for (var i = 0; i < batch.Count; i++)
        {
            var partition = batch.PartitionAt(i);
            if (!byPartition.TryGetValue(partition, out var indexes))
            {
                byPartition.Add(partition, indexes = new List<int>(batch.Count));
                if (spread || slots.Count == 0)
                {
                    slots.Add(new AppendSlot(batch));
                }

                slots[^1]._partitions.Add(partition);
                slots[^1]._indexes.Add(indexes);
            }

            indexes.Add(i);
        }

        return slots;
    }

    /// <summary>The arguments of EVALSHA behind a free place for the script.</summary>
    public object[] Arguments(RedisKeys keys, TimeSpan remember)
    {
        var words = new List<object>((_batch.Count * WordsPerRecord) + 64) { "", 2 + (3 * _partitions.Count) };
        var memory = keys.Producer(_batch.Topic, _partitions[0], _batch.ProducerId);
        words.Add(memory);

        // Of another slot when partitions spread, and then left out.
        words.Add(keys.Spread ? memory : keys.Wake(_batch.Topic));
        foreach (var partition in _partitions)
        {
            words.Add(keys.Partition(_batch.Topic, partition));
            words.Add(keys.State(_batch.Topic, partition));
            words.Add(keys.Times(_batch.Topic, partition));
        }

        var (first, last) = Sequences();
        words.Add(first);
        words.Add(last);
        words.Add(Layout(first));
        words.Add((long)remember.TotalSeconds);
        var tells = !keys.Spread && IsSmall();
        words.Add(keys.Spread ? 0 : tells ? 2 : 1);
        words.Add(_batch.After is { } after ? after : "");
        foreach (var indexes in _indexes)
        {
            WriteRecords(indexes, mayHaveShape: !tells, words);
        }

        return [.. words];
    }

    /// <summary>Tells the batch where its records are.</summary>
    /// <exception cref="StreamException">The server remembers another batch than this one (<see cref="StreamErrorKind.Fatal"/>).</exception>
    public void Take(RedisResult answer)
    {
        var parts = answer.Items();
        if ((int)parts[0] == 0)
        {
            for (var p = 0; p < _partitions.Count; p++)
            {
                Place(_indexes[p], RedisIds.Make((ulong)(long)parts[1 + (2 * p)], (ulong)(long)parts[2 + (2 * p)]));
            }

            return;
        }

        TakeFromMemory([(byte[]?)parts[1] ?? [], (byte[]?)parts[2] ?? []]);
    }

    private void Place(List<int> indexes, UInt128 first)
    {
        for (var i = 0; i < indexes.Count; i++)
        {
            _batch.SetOffset(indexes[i], first + (UInt128)i);
        }
    }

    // The batch is there already, maybe with records that nobody waits for any more and that are missing here.
    private void TakeFromMemory(IEnumerable<byte[]> memories)
    {
        var stored = new Dictionary<(long Sequence, int Partition), UInt128>();
        foreach (var memory in memories.Where(static memory => memory.Length > 0))
        {
            var end = memory.AsSpan().IndexOf((byte)Separator);
            var ids = System.Text.Encoding.ASCII.GetString(memory[..end]).Split(',');
            AppendLayout.Read(memory.AsSpan(end + 1), [.. ids.Select(static id => RedisIds.Parse(System.Text.Encoding.ASCII.GetBytes(id)))], stored);
        }

        foreach (var index in _indexes.SelectMany(static indexes => indexes))
        {
            if (!stored.TryGetValue((_batch.SequenceAt(index), _batch.PartitionAt(index)), out var offset))
            {
                throw new StreamException(StreamErrorKind.Fatal, string.Create(CultureInfo.InvariantCulture,
                    $"Topic '{_batch.Topic}': record {_batch.SequenceAt(index)} of producer {_batch.ProducerId:N} is older than what the server remembers of it. Open a new producer."));
            }

            _batch.SetOffset(index, offset);
        }
    }

    private byte[] Layout(long first)
    {
        var layout = new AppendLayout(first, _batch.Count);
        for (var p = 0; p < _partitions.Count; p++)
        {
            layout.AddPartition(_partitions[p], _indexes[p].Count);
            foreach (var index in _indexes[p])
            {
                layout.AddRecord(_batch.SequenceAt(index));
            }
        }

        return layout.ToArray();
    }

    private (long First, long Last) Sequences()
    {
        var (first, last) = (long.MaxValue, long.MinValue);
        foreach (var indexes in _indexes)
        {
            first = Math.Min(first, _batch.SequenceAt(indexes[0]));
            last = Math.Max(last, _batch.SequenceAt(indexes[^1]));
        }

        return (first, last);
    }

    private bool IsSmall()
    {
        long bytes = 0;
        for (var i = 0; i < _batch.Count && i < MostRecordsToTell; i++)
        {
            bytes += _batch.RecordAt(i).SizeBytes;
        }

        return _batch.Count <= MostRecordsToTell && bytes <= MostBytesToTell;
    }

    private void WriteRecords(List<int> indexes, bool mayHaveShape, List<object> words)
    {
        var head = words.Count;
        words.Add(indexes.Count);
        words.Add("");
        words.Add("");
        var shape = mayHaveShape ? RedisRecords.ShapeOf(indexes.Select(index => _batch.RecordAt(index))) : "";
        words.Add(shape);
        var (bytes, latest) = (0L, 0L);
        foreach (var index in indexes)
        {
            var record = _batch.RecordAt(index);
            var timestampUs = _batch.TimestampAt(index);
            bytes += record.SizeBytes;
            latest = Math.Max(latest, timestampUs);
            RedisRecords.Write(record, timestampUs, shape.Length > 0, words);
        }

        words[head + 1] = bytes;
        words[head + 2] = latest;
    }
}
