namespace DashStream.Tests.Client;

/// <summary>A provider with one producer that keeps what it is given, in order, and does with it what the test says.</summary>
internal sealed class RecordingProvider : IStreamProvider, IStreamProducer
{
    private readonly Lock _gate = new();
    private readonly List<StreamRecord> _records = [];

    /// <summary>Decides each record; null means stored at once.</summary>
    public Func<StreamRecord, Task<StreamPosition>?>? Decide { get; set; }

    public IReadOnlyList<StreamRecord> Records
    {
        get
        {
            lock (_gate)
            {
                return [.. _records];
            }
        }
    }

    public string Name => "recording";

    public string Topic { get; private set; } = "";

    public int PartitionCount => 1;

    public ProviderCapabilities Capabilities => new() { Durability = StreamDurability.Process, Persistent = false, MultiProcess = false, MaxRecordBytes = int.MaxValue };

    public IStreamAdmin Admin => throw new NotSupportedException();

    public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        Topic = topic;
        return new(this);
    }

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => new(new StreamHealth(true, true, "fine", []));

    public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var decided = Decide?.Invoke(record);
            if (decided is { IsFaulted: true })
            {
                return new(decided);
            }

            _records.Add(record);
            return decided is null ? new(new StreamPosition(0, (UInt128)(_records.Count - 1))) : new(decided);
        }
    }

    public async ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default)
    {
        var results = new List<SendResult>();
        foreach (var record in records)
        {
            results.Add(SendResult.Stored(await SendAsync(record, cancellationToken)));
        }

        return results;
    }

    public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushReceipt(Records.Count, 0, 0));

    public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => new(new FlushReceipt(Records.Count, 0, 0));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
