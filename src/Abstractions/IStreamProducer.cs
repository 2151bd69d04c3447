namespace DashStream;

/// <summary>
/// Appends opaque records to one topic. Safe for concurrent use. Most applications hold a <c>DashStreamProducer</c> instead.
/// <list type="bullet">
/// <item>Order: records of one key keep the order in which <see cref="SendAsync"/> was called, retries included. A call is ordered the moment it returns its
/// task, so awaiting one send before the next is not needed.</item>
/// <item>Retries: the producer retries transient failures itself, in place, so that nothing overtakes within a key. Callers do not send again unless they
/// accept a second copy.</item>
/// <item>Bounds: a full local queue refuses with <see cref="StreamErrorKind.Throttled"/> at once, and nothing of that record is kept.</item>
/// <item>Deadline: every send is decided within the provider's send time-out, with <see cref="StreamErrorKind.Timeout"/> at the latest.</item>
/// <item>Disposal stops with the default deadline; later calls fail with <see cref="StreamErrorKind.Closed"/> and open nothing.</item>
/// </list>
/// </summary>
public interface IStreamProducer : IAsyncDisposable
{
    /// <summary>The topic.</summary>
    string Topic { get; }

    /// <summary>How many partitions the topic has.</summary>
    int PartitionCount { get; }

    /// <summary>
    /// Stores one record; completes when the provider's declared durability holds. Await the result once only: it may be pooled.
    /// Cancelling stops the waiting; a record already handed over may still be stored.
    /// </summary>
    /// <exception cref="StreamException">The record was refused (<see cref="StreamErrorKind.TooLarge"/>, <see cref="StreamErrorKind.Throttled"/>,
    /// <see cref="StreamErrorKind.InvalidRequest"/>: certainly not stored) or could not be stored.</exception>
    ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores many records at the cost of few; results are aligned with <paramref name="records"/>. One bad record does not fail the others. An empty batch is
    /// a no-op. Records beyond the room of the local queue wait inside the call, in order.
    /// </summary>
    ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default);

    /// <summary>Returns when every earlier send is decided. Cancelling stops the waiting, not the sends.</summary>
    ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes no more sends, decides what it can within <paramref name="deadline"/>, fails the rest with <see cref="StreamErrorKind.Closed"/>, and says what
    /// was left. Calling it again returns the same receipt.
    /// </summary>
    ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default);
}
