namespace DashStream.Conformance;

/// <summary>What becomes of one send.</summary>
internal enum SendFate
{
    /// <summary>As the provider decides.</summary>
    Sound,

    /// <summary>Refused at once as too large: certainly not stored.</summary>
    Refused,

    /// <summary>Lost on its way: not stored, as the caller learns later.</summary>
    Lost,

    /// <summary>Stored, but the reply is lost: the caller learns of a time-out.</summary>
    ReplyLost,
}

/// <summary>The provider under test, with producers whose sends fail as a case says. Owns nothing.</summary>
internal sealed class UnreliableSends(IStreamProvider inner) : IStreamProvider
{
    /// <summary>The fate of each record; sound at first.</summary>
    public Func<StreamRecord, SendFate> FateOf { get; set; } = _ => SendFate.Sound;

    /// <summary>What the provider's health is said to be instead; null: its own.</summary>
    public StreamHealth? Health { get; set; }

    public string Name => inner.Name;

    public ProviderCapabilities Capabilities => inner.Capabilities;

    public IStreamAdmin Admin => inner.Admin;

    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
        new Producer(await inner.OpenProducerAsync(topic, cancellationToken), this);

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) =>
        Health is { } health ? new(health) : inner.CheckHealthAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Producer(IStreamProducer inner, UnreliableSends owner) : IStreamProducer
    {
        public string Topic => inner.Topic;

        public int PartitionCount => inner.PartitionCount;

        public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default) => owner.FateOf(record) switch
        {
            SendFate.Refused => ValueTask.FromException<StreamPosition>(new StreamException(StreamErrorKind.TooLarge, "Refused by the case.")),
            SendFate.Lost => FailAsync(null, StreamErrorKind.Transient),
            SendFate.ReplyLost => FailAsync(inner.SendAsync(record, cancellationToken).AsTask(), StreamErrorKind.Timeout),
            _ => inner.SendAsync(record, cancellationToken),
        };

        public async ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default)
        {
            var results = new List<SendResult>(records.Count);
            foreach (var record in records)
            {
                results.Add(SendResult.Stored(await SendAsync(record, cancellationToken)));
            }

            return results;
        }

        public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => inner.StopAsync(deadline, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private static async ValueTask<StreamPosition> FailAsync(Task? stored, StreamErrorKind kind)
        {
            await Task.Yield();
            await (stored ?? Task.CompletedTask);
            throw new StreamException(kind, $"The case made this send fail as {kind}.");
        }
    }
}
