namespace DashStream.Stores;

/// <summary>
/// The producer of every provider that has no client of its own: checks, chooses partitions, and leaves the rest to the <see cref="AppendWriter"/>.
/// Holds no thread, task or running timer while it is idle.
/// </summary>
internal sealed class BatchingProducer : IStreamProducer, IOutcomeProducer
{
    /// <summary>How long a dispose lets pending sends finish.</summary>
    internal static readonly TimeSpan DisposeDeadline = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly long _maxRecordBytes;
    private readonly PartitionChooser _partitions;
    private readonly AppendQueue _queue;
    private readonly PendingSendPool _sends = new();
    private readonly Lock _stopGate = new();
    private Task<FlushReceipt>? _stop;

    /// <summary>Opens nothing; the topic is there.</summary>
    public BatchingProducer(ILogStore store, TopicSpec topic, long maxRecordBytes, LogProviderOptions options, TimeProvider time, Random? random = null)
        : this(store, topic, maxRecordBytes, options, time, random ?? new Random(), lane: null)
    {
    }

    /// <summary>The same, as a part of another producer that chose the partition already.</summary>
    public BatchingProducer(ILogStore store, TopicSpec topic, long maxRecordBytes, LogProviderOptions options, TimeProvider time, Random random, Lane? lane)
    {
        Topic = topic.Name;
        PartitionCount = topic.Partitions;
        _maxRecordBytes = maxRecordBytes;
        _time = time;
        _partitions = lane?.Partitions ?? new PartitionChooser(PartitionCount, options.KeyHash, random);
        _queue = new AppendWriter(store, Topic, options, time, random, lane?.Room ?? new PendingRoom()) { Owner = lane?.Owner ?? this }.Queue;
    }

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
            return ValueTask.FromException<StreamPosition>(_queue.CountRefused(1) ?? refusal);
        }

        var send = _sends.Rent();
        send.Prepare(record, _partitions.Choose(record), (int)size, record.TimestampUs == 0 ? NowUs() : record.TimestampUs);
        send.ListenTo(cancellationToken);
        var task = send.Task;
        if (_queue.Enqueue(send) is { } error)
        {
            send.Discard();
            return ValueTask.FromException<StreamPosition>(error);
        }

        return task;
    }

    /// <inheritdoc/>
    public StreamException? Send(StreamRecord record, ISendOutcome outcome)
    {
        var size = record.SizeBytes;
        if (Refuse(record, size) is { } refusal)
        {
            return _queue.CountRefused(1) ?? refusal;
        }

        var send = _sends.Rent();
        send.Prepare(record, _partitions.Choose(record), (int)size, record.TimestampUs == 0 ? NowUs() : record.TimestampUs, outcome);
        var error = _queue.Enqueue(send);
        if (error is not null)
        {
            send.Discard();
        }

        return error;
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
        var batch = CheckAll(records, results);
        var error = batch.Count < results.Length || results.Length == 0 ? _queue.CountRefused(results.Length - batch.Count) : null;
        if (error is null && batch.Count > 0)
        {
            error = _queue.Enqueue(batch);
        }

        return error is not null ? ValueTask.FromException<IReadOnlyList<SendResult>>(error)
            : batch.Count == 0 ? ValueTask.FromResult<IReadOnlyList<SendResult>>(results)
            : new ValueTask<IReadOnlyList<SendResult>>(batch.Task.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<FlushReceipt>(cancellationToken)
            : new ValueTask<FlushReceipt>(_queue.FlushAsync().WaitAsync(cancellationToken));

    /// <inheritdoc/>
    public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(deadline, TimeSpan.Zero);
        lock (_stopGate)
        {
            _stop ??= StopOnceAsync(deadline);
        }

        return new ValueTask<FlushReceipt>(_stop.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(DisposeDeadline).ConfigureAwait(false);

    private async Task<FlushReceipt> StopOnceAsync(TimeSpan deadline)
    {
        var drained = _queue.CloseAsync();
        if (!drained.IsCompleted && deadline > TimeSpan.Zero)
        {
            // No timer runs longer than this, and no stop should.
            var wait = deadline < TimeSpan.FromDays(1) ? deadline : TimeSpan.FromDays(1);
            await ((Task)drained.WaitAsync(wait, _time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var receipt = _queue.Abort();
        _queue.Dispose();
        return receipt;
    }

    private PendingBatch CheckAll(IReadOnlyList<StreamRecord> records, SendResult[] results)
    {
        var now = NowUs();
        var entries = new PendingBatch.Entry[results.Length];
        var count = 0;
        long bytes = 0;
        for (var i = 0; i < results.Length; i++)
        {
            var record = records[i] ?? throw new ArgumentException($"Record {i} of the batch is null.", nameof(records));
            var size = record.SizeBytes;
            if (Refuse(record, size) is { } refusal)
            {
                results[i] = SendResult.Failed(refusal);
                continue;
            }

            entries[count++] = new PendingBatch.Entry(record, _partitions.Choose(record), (int)size, record.TimestampUs == 0 ? now : record.TimestampUs, i);
            bytes += size;
        }

        return new PendingBatch(entries, count, bytes, results);
    }

    private StreamException? Refuse(StreamRecord record, long size)
    {
        if (size > _maxRecordBytes)
        {
            return new StreamException(StreamErrorKind.TooLarge,
                $"A record for topic '{Topic}' has {size} bytes of key, value and headers; the limit is {_maxRecordBytes} (MaxRecordBytes).");
        }

        return record.TargetPartition is { } target && (uint)target >= (uint)PartitionCount
            ? new StreamException(StreamErrorKind.InvalidRequest,
                $"A record is meant for partition {target} of topic '{Topic}', which has partitions 0 to {PartitionCount - 1}.")
            : null;
    }

    private long NowUs() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>What the producers of one topic share whose partitions are stored apart.</summary>
    /// <param name="Owner">The producer that users hold.</param>
    /// <param name="Partitions">Names the partition of this one.</param>
    /// <param name="Room">What they hold together.</param>
    internal sealed record Lane(object Owner, PartitionChooser Partitions, PendingRoom Room);
}
