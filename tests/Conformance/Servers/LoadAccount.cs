using System.Globalization;
using System.Text;

namespace DashStream.Conformance.Servers;

/// <summary>
/// Books what was sent, handled and committed while a test makes trouble, and finds what must never be: a record lost or stored twice, one handled again that was
/// committed before its read began, a hole in a partition, or a key whose records came for the first time in another order than they were sent.
/// </summary>
/// <param name="records">How many there are.</param>
/// <param name="keys">How many keys they have.</param>
/// <param name="numberOf">The number of a record in its partition, from 0 and without holes, by its offset; null when that is the offset itself.</param>
internal sealed class LoadAccount(int records, int keys, Func<UInt128, UInt128>? numberOf = null)
{
    private readonly Lock _gate = new();
    private readonly Func<UInt128, UInt128> _numberOf = numberOf ?? (static offset => offset);
    private readonly StreamPosition?[] _places = new StreamPosition?[records];
    private readonly Dictionary<int, UInt128> _nexts = [];
    private readonly Dictionary<int, UInt128> _committed = [];
    private readonly int[] _lastOfKey = Enumerable.Repeat(-1, keys).ToArray();
    private readonly List<string> _violations = [];
    private int _handled;
    private int _again;
    private int _doubtful;

    /// <summary>Records handled, each counted once.</summary>
    public int Handled => Volatile.Read(ref _handled);

    public bool IsDone => Handled == records;

    public StreamRecord Record(int number) => new(Encoding.UTF8.GetBytes($"key-{number % keys}"), Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    public static int NumberOf(StreamRecord record) => int.Parse(Encoding.UTF8.GetString(record.Value!.Value.Span), CultureInfo.InvariantCulture);

    /// <summary>The last position of each partition in a batch.</summary>
    public static IReadOnlyList<StreamPosition> LastOf(IEnumerable<StreamPosition> positions) =>
        [.. positions.GroupBy(static position => position.Partition).Select(static group => group.Max())];

    /// <summary>Sends everything, a thousand at a time, none awaited before the next; a failed send fails the test.</summary>
    public async Task SendAllAsync(IStreamProducer producer, Func<int, Task>? before = null)
    {
        const int chunk = 1_000;
        var sending = new Queue<Task<IReadOnlyList<SendResult>>>();
        for (var number = 0; number < records; number += chunk)
        {
            await (before?.Invoke(number) ?? Task.CompletedTask);
            sending.Enqueue(producer.SendBatchAsync([.. Enumerable.Range(number, Math.Min(chunk, records - number)).Select(Record)]).AsTask());
            if (sending.Count > 5)
            {
                Check(await sending.Dequeue());
            }
        }

        foreach (var rest in sending)
        {
            Check(await rest);
        }
    }

    /// <summary>Reads, handles and commits batch by batch until everything was handled by somebody. Cancelled, it leaves with its last batch in hand.</summary>
    /// <param name="consumer">The member.</param>
    /// <param name="leave">Ends it.</param>
    /// <param name="work">How long every batch is handled.</param>
    /// <param name="once">How long the first batch is.</param>
    public async Task ReadAsync(IStreamConsumer consumer, CancellationToken leave, TimeSpan work = default, TimeSpan once = default)
    {
        while (!leave.IsCancellationRequested && !IsDone)
        {
            var before = Committed();
            StreamBatch batch;
            try
            {
                batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(200), CancellationToken.None);
            }
            catch (StreamException e) when (e.IsTransient)
            {
                // Some providers leave it to their callers to read again.
                await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
                continue;
            }

            Handle(batch.Gaps, [.. batch.Records.Select(record => (record.Position!.Value, NumberOf(record)))], before);
            await Task.Delay(batch.Records.Count > 0 ? work + once : default, CancellationToken.None);
            once = batch.Records.Count > 0 ? default : once;
            if (!leave.IsCancellationRequested)
            {
                await CommitAsync(consumer, LastOf(batch.Records.Select(static record => record.Position!.Value)));
            }
        }
    }

    /// <summary>What is committed by now; a read that begins after it must not return any of that.</summary>
    public IReadOnlyDictionary<int, UInt128> Committed()
    {
        lock (_gate)
        {
            return new Dictionary<int, UInt128>(_committed);
        }
    }

    /// <summary>Somebody handled a batch, which was read after <paramref name="before"/> was committed.</summary>
    public void Handle(IEnumerable<StreamGap> gaps, IReadOnlyList<(StreamPosition Position, int Number)> batch, IReadOnlyDictionary<int, UInt128> before)
    {
        lock (_gate)
        {
            _violations.AddRange(gaps.Select(static gap => $"A gap: {gap}."));
            foreach (var (position, number) in batch)
            {
                Handle(position, number, before);
            }
        }
    }

    /// <summary>A commit was acknowledged.</summary>
    public void Commit(IEnumerable<StreamPosition> positions)
    {
        lock (_gate)
        {
            foreach (var position in positions)
            {
                _committed[position.Partition] = UInt128.Max(_committed.GetValueOrDefault(position.Partition), position.Offset);
            }
        }
    }

    /// <summary>A commit failed; whether it happened all the same nobody knows.</summary>
    public void Doubt() => Interlocked.Increment(ref _doubtful);

    /// <summary>Fails unless everything was handled, in order, nothing again that was committed, and the group stands where the commits say.</summary>
    public async Task AssertWholeAsync(IStreamProvider provider, string topic, string group)
    {
        IReadOnlyList<GroupPartition> standing = [];
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    standing = (await provider.Admin.DescribeGroupAsync(topic, group))!.Partitions;
                    return true;
                }
                catch (StreamException e) when (e.IsTransient || e.Kind == StreamErrorKind.Timeout)
                {
                    // The group's coordinator may have gone with the fault, and its heir still be reading the group's log.
                    return false;
                }
            },
            "the standing of the group");
        lock (_gate)
        {
            Assert.IsEmpty(_violations, string.Join(Environment.NewLine, _violations.Take(10)));
            Assert.AreEqual(records, _handled, "Sent equals handled.");
            foreach (var (partition, offset) in _committed)
            {
                var held = standing[partition].Committed;
                Assert.IsTrue(held == offset || (_doubtful > 0 && held > offset && _numberOf(held.Value) < _nexts[partition]),
                    $"Partition {partition} is committed up to {held}; {offset} was acknowledged last.");
            }
        }
    }

    public override string ToString() => $"{Handled} of {records} handled, {_again} more times again, {_doubtful} commits in doubt";

    private static void Check(IReadOnlyList<SendResult> results)
    {
        if (results.FirstOrDefault(result => !result.IsStored).Error is { } error)
        {
            throw error;
        }
    }

    private void Handle(StreamPosition position, int number, IReadOnlyDictionary<int, UInt128> before)
    {
        if (before.TryGetValue(position.Partition, out var committed) && position.Offset <= committed)
        {
            _violations.Add($"{position} came again although {committed} was committed.");
        }

        var next = _nexts.GetValueOrDefault(position.Partition);
        var place = _numberOf(position.Offset);
        if (place > next)
        {
            _violations.Add($"{position} came when {next} was next.");
        }

        _nexts[position.Partition] = UInt128.Max(next, place + 1);
        if (_places[number] is { } known)
        {
            _again++;
            if (known != position)
            {
                _violations.Add($"{number} is stored twice, at {known} and at {position}.");
            }

            return;
        }

        _places[number] = position;
        _handled++;
        var key = number % keys;
        if (number < _lastOfKey[key])
        {
            _violations.Add($"{number} came after {_lastOfKey[key]} of the same key.");
        }

        _lastOfKey[key] = number;
    }

    private async Task CommitAsync(IStreamConsumer consumer, IReadOnlyList<StreamPosition> positions)
    {
        try
        {
            await consumer.CommitAsync(positions);
            Commit(positions);
        }
        catch (StreamException e) when (e.IsTransient || e.Kind is StreamErrorKind.Fenced or StreamErrorKind.Timeout or StreamErrorKind.Full)
        {
            // Part of it may be committed, or all: the rest may come again.
            Doubt();
        }
    }
}
