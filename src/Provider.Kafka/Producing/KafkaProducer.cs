using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// Sends to one topic through the provider's shared client: idempotent, acknowledged by all in-sync replicas, pipelined. A send costs no task: its pooled
/// source is completed by librdkafka's report. Safe for concurrent use.
/// </summary>
internal sealed class KafkaProducer : IStreamProducer, IOutcomeProducer
{
    private static readonly TimeSpan DisposeDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestStop = TimeSpan.FromDays(1);

    // What librdkafka needs for a record beside its bytes.
    private const int Overhead = 128;

    // The send takes the place of the key: reports bring it back, so that one handler serves all.
    private static readonly Action<DeliveryReport<KafkaSend, byte[]?>> Delivered =
        static report => report.Message.Key.Report(report.Partition.Value, report.Offset.Value, report.Error);

    [ThreadStatic]
    private static Message<KafkaSend, byte[]?>? _message;

    private readonly KafkaCluster _cluster;
    private readonly IProducer<KafkaSend, byte[]?> _client;
    private readonly TopicPartition[] _partitions;
    private readonly TopicPartition _anyPartition;
    private readonly long _topicLimit;
    private readonly SendLedger _ledger;
    private readonly BatchHandOver _batches;
    private readonly Lock _stopGate = new();
    private Task<FlushReceipt>? _stop;

    /// <summary>Opens nothing; the topic is there.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="client">The shared client.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="partitions">How many partitions it has.</param>
    /// <param name="topicLimit">Largest batch that the topic takes.</param>
    public KafkaProducer(KafkaCluster cluster, IProducer<KafkaSend, byte[]?> client, string topic, int partitions, long topicLimit)
    {
        _cluster = cluster;
        _client = client;
        _topicLimit = topicLimit;
        Topic = topic;
        PartitionCount = partitions;
        _partitions = [.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition))];
        _anyPartition = new TopicPartition(topic, Partition.Any);
        _ledger = new SendLedger(topic, cluster);
        _batches = new BatchHandOver(_ledger.Batches, HandOver, cluster);
    }

    /// <summary>Told when the producer was stopped.</summary>
    public Action<KafkaProducer>? Stopped { get; init; }

    /// <inheritdoc/>
    public string Topic { get; }

    /// <inheritdoc/>
    public int PartitionCount { get; }

    /// <inheritdoc/>
    public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<StreamPosition>(cancellationToken);
        }

        var size = record.SizeBytes;
        if (Refuse(record, size) is { } refusal)
        {
            return ValueTask.FromException<StreamPosition>(_ledger.CountRefused(1) ?? refusal);
        }

        if (_ledger.Begin((int)size + Overhead, out var send) is { } refused)
        {
            return ValueTask.FromException<StreamPosition>(refused);
        }

        var task = send!.Task;
        send.ListenTo(cancellationToken);
        if (HandOver(send, record) is { } error)
        {
            _ledger.Undo(send);
            return ValueTask.FromException<StreamPosition>(error);
        }

        return task;
    }

    /// <inheritdoc/>
    public StreamException? Send(StreamRecord record, ISendOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(outcome);
        var size = record.SizeBytes;
        if (Refuse(record, size) is { } refusal)
        {
            return _ledger.CountRefused(1) ?? refusal;
        }

        if (_ledger.Begin((int)size + Overhead, outcome, out var send) is { } refused)
        {
            return refused;
        }

        // Once its deadline or a stop has decided it, the outcome is told.
        return HandOver(send!, record) is { } error && _ledger.Undo(send!) ? error : null;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<IReadOnlyList<SendResult>>(cancellationToken);
        }

        var results = new SendResult[records.Count];
        var batch = new KafkaBatch(CheckAll(records, results), results, _cluster.Time.GetTimestamp());
        var refused = results.Length - batch.Entries.Count;
        var error = refused > 0 || batch.Entries.Count == 0 ? _ledger.CountRefused(refused) : null;
        if (error is null && batch.Entries.Count > 0)
        {
            error = _batches.Send(batch);
        }

        return error is not null ? ValueTask.FromException<IReadOnlyList<SendResult>>(error)
            : batch.Entries.Count == 0 ? ValueTask.FromResult<IReadOnlyList<SendResult>>(results)
            : new ValueTask<IReadOnlyList<SendResult>>(batch.Task.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<FlushReceipt>(cancellationToken)
            : new ValueTask<FlushReceipt>(_ledger.FlushAsync().WaitAsync(cancellationToken));

    /// <inheritdoc/>
    public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        lock (_stopGate)
        {
            _stop ??= StopOnceAsync(deadline < LongestStop ? deadline : LongestStop);
        }

        return new ValueTask<FlushReceipt>(_stop.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(DisposeDeadline).ConfigureAwait(false);

    private async Task<FlushReceipt> StopOnceAsync(TimeSpan deadline)
    {
        var drained = _ledger.CloseAsync();
        if (!drained.IsCompleted && deadline > TimeSpan.Zero)
        {
            await drained.WaitAsync(deadline, _cluster.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var receipt = _ledger.Abort();
        _ledger.Dispose();
        Stopped?.Invoke(this);
        return receipt;
    }

    private List<KafkaBatch.Entry> CheckAll(IReadOnlyList<StreamRecord> records, SendResult[] results)
    {
        var entries = new List<KafkaBatch.Entry>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            var record = records[i] ?? throw new ArgumentException($"Record {i} of the batch is null.", nameof(records));
            var size = record.SizeBytes;
            if (Refuse(record, size) is { } refusal)
            {
                results[i] = SendResult.Failed(refusal);
                continue;
            }

            entries.Add(new KafkaBatch.Entry(record, (int)size + Overhead, i));
        }

        return entries;
    }

    private StreamException? Refuse(StreamRecord record, long size)
    {
        if (size > _cluster.Options.MaxRecordBytes)
        {
            return new StreamException(StreamErrorKind.TooLarge,
                $"A record for topic '{Topic}' has {size} bytes of key, value and headers; the limit is {_cluster.Options.MaxRecordBytes} (MaxRecordBytes).");
        }

        var framed = size + NativeConfig.RecordOverhead + ((long)record.Headers.Count * NativeConfig.HeaderOverhead);
        if (framed > _topicLimit)
        {
            return new StreamException(StreamErrorKind.TooLarge,
                $"A record for topic '{Topic}' has {size} bytes of key, value and headers, {framed} with Kafka's frame; the topic takes {_topicLimit} (its max.message.bytes).");
        }

        return record.TargetPartition is { } target && (uint)target >= (uint)PartitionCount
            ? new StreamException(StreamErrorKind.InvalidRequest,
                $"A record is meant for partition {target} of topic '{Topic}', which has partitions 0 to {PartitionCount - 1}.")
            : null;
    }

    // One for each thread: librdkafka copies what it takes, so nothing of the message is needed afterwards.
    private static Message<KafkaSend, byte[]?> Filled(KafkaSend send, StreamRecord record)
    {
        var message = _message ??= new Message<KafkaSend, byte[]?>();
        KafkaMessages.Fill(message, send, record);
        return message;
    }

    // From the moment this returns null the report may come, and the send may be in use again.
    private StreamException? HandOver(KafkaSend send, StreamRecord record)
    {
        try
        {
            if (_cluster.Watch.Fatal is { } fatal)
            {
                return KafkaErrors.Of($"Sending to topic '{Topic}' at {_cluster.Servers}", fatal);
            }

            _client.Produce(record.TargetPartition is { } target ? _partitions[target] : _anyPartition, Filled(send, record), Delivered);
            return null;
        }
        catch (KafkaException e)
        {
            return _ledger.Errors.Of(e.Error);
        }
        catch (ObjectDisposedException)
        {
            return _cluster.Disposed();
        }
        finally
        {
            KafkaMessages.Clear(_message);
        }
    }
}
