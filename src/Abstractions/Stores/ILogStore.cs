namespace DashStream.Stores;

/// <summary>
/// The storage port of providers that bring no client of their own: write this, wrap it in a <c>LogProvider</c>, and batching, ordering, retry, groups,
/// seek, gaps and health are done. Every member may be called concurrently; a store never retries and never logs what it throws. It maps its errors to
/// <see cref="StreamException"/>s; transient ones are retried by the caller.
/// </summary>
public interface ILogStore : IAsyncDisposable
{
    /// <summary>Group documents and commits.</summary>
    IGroupStore Groups { get; }

    /// <summary>
    /// Whether the partitions of a topic lie apart, so that one may fail while others go on. Then a producer stores each partition by itself, and calls of <see cref="AppendAsync"/>
    /// from one producer come one at a time for each partition. Here: no.
    /// </summary>
    bool StoresPartitionsApart => false;

    /// <summary>
    /// How many batches of one producer may be under way at once. Here: one. A store that says more stores them in the order of its calls, and fails as transient a batch
    /// whose <see cref="AppendBatch.After"/> is not stored; it recognises so many batches when they come again.
    /// </summary>
    int AppendsAtOnce => 1;

    /// <summary>Makes the topic durable. Returns false, changing nothing, when a topic of that name exists.</summary>
    ValueTask<bool> TryCreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken);

    /// <summary>The spec of a topic, or null.</summary>
    ValueTask<TopicSpec?> FindTopicAsync(string topic, CancellationToken cancellationToken);

    /// <summary>Names of all topics, in any order.</summary>
    ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken);

    /// <summary>Removes topic, records and group data. False when there was none.</summary>
    ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the batch in order with the declared durability and fills in the offsets. All or nothing is best; on failure any prefix may have been stored
    /// and the caller may call again with the same batch. Calls for one topic come one at a time from one producer (but see <see cref="AppendsAtOnce"/>), and concurrently
    /// from several.
    /// </summary>
    ValueTask AppendAsync(AppendBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Reads up to that many records and bytes (but at least one record, if there is one) with offsets from <paramref name="from"/> on, in order, without
    /// waiting. When <paramref name="from"/> lies before the oldest record, reading starts at the oldest: the caller compares and reports the gap.
    /// </summary>
    ValueTask<IReadOnlyList<StreamRecord>> ReadAsync(
        string topic, int partition, UInt128 from, int maxRecords, int maxBytes, CancellationToken cancellationToken);

    /// <summary>
    /// Whether surely nothing was removed between an offset that was asked for and the first one that was found from there on. Here: when they are the same. A store
    /// whose offsets have holes by themselves answers by what it knows of them; a false costs its caller a look at the partition's bounds.
    /// </summary>
    bool IsNext(UInt128 asked, UInt128 found) => asked == found;

    /// <summary>What the partition holds. With <paramref name="withCounts"/> also records and bytes, where the store can tell.</summary>
    ValueTask<PartitionDescription> DescribeAsync(string topic, int partition, bool withCounts, CancellationToken cancellationToken);

    /// <summary>Records with offsets from <paramref name="from"/> on, or null when it cannot count.</summary>
    ValueTask<long?> CountAsync(string topic, int partition, UInt128 from, CancellationToken cancellationToken);

    /// <summary>Offset of the first record (in log order) whose time is that or later, or null.</summary>
    ValueTask<UInt128?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken);

    /// <summary>Removes everything before that offset. Never beyond the end.</summary>
    ValueTask TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken);

    /// <summary>Applies the topic's retention; returns the number of records removed.</summary>
    ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken);

    /// <summary>A stamp that differs after any append to the topic by anyone. Taken before a read, it makes <see cref="WaitForAppendAsync"/> miss nothing.</summary>
    ValueTask<long> GetStampAsync(string topic, CancellationToken cancellationToken);

    /// <summary>What the store knows of the topic's last records without asking its storage, or null. Here: null.</summary>
    ILogTail? FindTail(string topic) => null;

    /// <summary>Returns as soon as the topic's stamp differs from <paramref name="seen"/>, or after <paramref name="atMost"/>. May return early without cause.</summary>
    ValueTask WaitForAppendAsync(string topic, long seen, TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>Asks the storage now: throws when it is gone, returns warnings when it is not as it should be.</summary>
    ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken);
}
