using System.Globalization;
using System.Text;

namespace DashStream.Conformance.Kafka;

/// <summary>
/// Books what was sent, delivered and committed while a test makes trouble, and says what must never be: a record lost, one that was committed delivered
/// again, or a key whose records came for the first time in another order than they were sent.
/// </summary>
internal sealed class LoadAccount(int records, int keys)
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _delivered = [];
    private readonly Dictionary<int, UInt128> _committed = [];
    private readonly int[] _lastOfKey = Enumerable.Repeat(-1, keys).ToArray();
    private readonly List<string> _violations = [];
    private int _again;

    public int Delivered
    {
        get
        {
            lock (_gate)
            {
                return _delivered.Count;
            }
        }
    }

    public StreamRecord Record(int number) => new(Encoding.UTF8.GetBytes($"key-{number % keys}"), Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

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

    /// <summary>Reads and commits batch by batch until everything was delivered to somebody, or cancelled.</summary>
    public async Task ReadAsync(IStreamConsumer consumer, CancellationToken cancellationToken, TimeSpan work = default)
    {
        while (!cancellationToken.IsCancellationRequested && Delivered < records)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(200), CancellationToken.None);
            Take(batch);
            await Task.Delay(work, CancellationToken.None);
            await CommitAsync(consumer, batch);
        }
    }

    /// <summary>Fails unless everything was delivered, in order, and nothing again that was committed.</summary>
    public void AssertWhole()
    {
        lock (_gate)
        {
            Assert.IsEmpty(_violations, string.Join(Environment.NewLine, _violations.Take(10)));
            Assert.AreEqual(records, _delivered.Count, "Sent equals delivered.");
        }
    }

    public override string ToString() => $"{Delivered} of {records} delivered, {_again} of them again";

    private static void Check(IReadOnlyList<SendResult> results)
    {
        if (results.FirstOrDefault(result => !result.IsStored).Error is { } error)
        {
            throw error;
        }
    }

    private void Take(StreamBatch batch)
    {
        lock (_gate)
        {
            foreach (var gap in batch.Gaps)
            {
                _violations.Add($"A gap: {gap}.");
            }

            foreach (var record in batch.Records)
            {
                Take(record, int.Parse(Encoding.UTF8.GetString(record.Value!.Value.Span), CultureInfo.InvariantCulture));
            }
        }
    }

    private void Take(StreamRecord record, int number)
    {
        var position = record.Position!.Value;
        if (_committed.TryGetValue(position.Partition, out var committed) && position.Offset <= committed)
        {
            _violations.Add($"{position} came again although {committed} was committed.");
        }

        if (!_delivered.Add(number))
        {
            _again++;
            return;
        }

        var key = number % keys;
        if (number < _lastOfKey[key])
        {
            _violations.Add($"{number} came after {_lastOfKey[key]} of the same key.");
        }

        _lastOfKey[key] = number;
    }

    private async Task CommitAsync(IStreamConsumer consumer, StreamBatch batch)
    {
        var positions = batch.Records.Select(record => record.Position!.Value).GroupBy(position => position.Partition).Select(group => group.Max()).ToList();
        try
        {
            await consumer.CommitAsync(positions);
            lock (_gate)
            {
                positions.ForEach(position => _committed[position.Partition] = position.Offset);
            }
        }
        catch (StreamException e) when (e.IsTransient || e.Kind is StreamErrorKind.Fenced or StreamErrorKind.Timeout)
        {
            // Not committed, or not known to be: it may come again.
        }
    }
}
