using DashStream.Providers;

namespace DashStream.Tests.DeadLetters;

/// <summary>Memory whose sends, and whose openings, do what the test says first.</summary>
internal sealed class FailingProvider : IStreamProvider
{
    private int _sends;

    public MemoryProvider Inner { get; } = new(new MemoryProviderOptions { CreateMissingTopics = false });

    /// <summary>Called before each send with its number from 1; throwing or hanging is the fault.</summary>
    public Func<int, CancellationToken, Task> BeforeSend { get; set; } = (_, _) => Task.CompletedTask;

    public int Sends => Volatile.Read(ref _sends);

    public string Name => "failing";

    public ProviderCapabilities Capabilities => Inner.Capabilities;

    public IStreamAdmin Admin => Inner.Admin;

    public static StreamException Error(StreamErrorKind kind) => new(kind, $"The test says {kind}.");

    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
        new Producer(this, await Inner.OpenProducerAsync(topic, cancellationToken));

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        Inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => Inner.CheckHealthAsync(cancellationToken);

    public ValueTask DisposeAsync() => Inner.DisposeAsync();

    /// <summary>All letters of a topic, in order; waits until there are so many.</summary>
    public async Task<List<StoredDeadLetter>> LettersAsync(string topic, int count)
    {
        await using var consumer = await Inner.OpenConsumerAsync(topic, new StreamConsumerOptions());
        var letters = new List<StoredDeadLetter>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (letters.Count < count)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1), limit.Token);
            letters.AddRange(batch.Records.Select(StoredDeadLetter.Parse));
        }

        return letters;
    }

    private sealed class Producer(FailingProvider owner, IStreamProducer inner) : IStreamProducer
    {
        public string Topic => inner.Topic;

        public int PartitionCount => inner.PartitionCount;

        public async ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default)
        {
            await owner.BeforeSend(Interlocked.Increment(ref owner._sends), cancellationToken);
            return await inner.SendAsync(record, cancellationToken);
        }

        public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default) =>
            inner.SendBatchAsync(records, cancellationToken);

        public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => inner.StopAsync(deadline, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
