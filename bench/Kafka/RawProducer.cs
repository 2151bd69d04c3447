using Confluent.Kafka;

namespace DashStream.Bench.Kafka;

/// <summary>The plain client used as well as it can be: one delivery callback for all, a bounded number in flight, no task for a message.</summary>
internal sealed class RawProducer : IDisposable
{
    private readonly IProducer<byte[], byte[]> _client;
    private readonly TopicPartition _target;
    private readonly int _window;
    private readonly AutoResetEvent _room = new(initialState: false);
    private readonly Action<DeliveryReport<byte[], byte[]>> _delivered;
    private long _done;
    private long _wanted = long.MaxValue;
    private volatile Error? _failure;

    /// <param name="config">The settings.</param>
    /// <param name="topic">Where to send.</param>
    /// <param name="window">Most messages in flight.</param>
    public RawProducer(ProducerConfig config, string topic, int window)
    {
        _client = new ProducerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).Build();
        _target = new TopicPartition(topic, Partition.Any);
        _window = window;
        _delivered = OnDelivered;
    }

    /// <summary>Sends so many and returns when all are acknowledged.</summary>
    public void Send(RunMessages messages, int count)
    {
        var first = Volatile.Read(ref _done);
        var message = new Message<byte[], byte[]>();
        for (var i = 0; i < count; i++)
        {
            if (first + i - Volatile.Read(ref _done) >= _window)
            {
                WaitFor(first + i - (_window / 2));
            }

            message.Key = messages.Key(i);
            message.Value = messages.Value(i);
            _client.Produce(_target, message, _delivered);
        }

        WaitFor(first + count);
    }

    /// <summary>Sends one and awaits it, the client's own way.</summary>
    public Task<DeliveryResult<byte[], byte[]>> SendAsync(RunMessages messages, int index) =>
        _client.ProduceAsync(_target, new Message<byte[], byte[]> { Key = messages.Key(index), Value = messages.Value(index) });

    public void Dispose()
    {
        _client.Dispose();
        _room.Dispose();
    }

    private void WaitFor(long done)
    {
        Volatile.Write(ref _wanted, done);
        Interlocked.MemoryBarrier();
        while (Volatile.Read(ref _done) < done)
        {
            _room.WaitOne();
        }

        Volatile.Write(ref _wanted, long.MaxValue);
        if (_failure is { } failure)
        {
            throw new KafkaException(failure);
        }
    }

    // Always on the client's one poll thread.
    private void OnDelivered(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
        {
            _failure = report.Error;
        }

        Interlocked.Increment(ref _done);
        if (Volatile.Read(ref _done) >= Volatile.Read(ref _wanted))
        {
            _room.Set();
        }
    }
}
