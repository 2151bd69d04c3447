namespace DashStream;

/// <summary>
/// Reads one topic, as a member of a group or alone. Most applications hold a <c>DashStreamConsumer</c> instead.
/// <list type="bullet">
/// <item>Concurrency: one <see cref="ReadAsync"/> at a time; everything else may be called at any time from any thread, also from listener calls.</item>
/// <item>Membership: lives on its own, whether or not anybody reads. What is fetched ahead is bounded in bytes, so a slow reader costs no membership and no memory.</item>
/// <item>Delivery: at least once. After a takeover, reading goes on behind the last committed position; nothing is skipped, duplicates lie only above it.</item>
/// <item>Retries: transient failures of a read are thrown as such and nothing moves; the caller reads again. Commits are not retried here.</item>
/// <item>Disposal leaves the group with the default deadline and commits nothing that was not committed.</item>
/// </list>
/// </summary>
public interface IStreamConsumer : IAsyncDisposable
{
    /// <summary>The topic.</summary>
    string Topic { get; }

    /// <summary>The group, or null when reading alone.</summary>
    string? Group { get; }

    /// <summary>The partitions that are ours now, ascending. Without a group: those asked for.</summary>
    IReadOnlyList<int> Assignment { get; }

    /// <summary>
    /// Returns at least one record, or none when <paramref name="wait"/> is over (also while nothing is assigned yet or everything is paused). What it
    /// returned counts as delivered: the next call goes on behind it. A cancelled call has delivered nothing.
    /// </summary>
    /// <param name="wait">How long to wait for the first record; zero asks once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StreamException">The backend failed, the store is damaged, or the consumer was stopped (<see cref="StreamErrorKind.Closed"/>).</exception>
    /// <exception cref="InvalidOperationException">Another read is under way.</exception>
    ValueTask<StreamBatch> ReadAsync(TimeSpan wait, CancellationToken cancellationToken = default);

    /// <summary>
    /// Says that everything up to and including these positions (at most one a partition) is done. A position below the committed one changes nothing.
    /// A cancelled or failed commit may have happened.
    /// </summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.Fenced"/>: a partition is no longer ours, nothing of it was committed, the others were;
    /// <see cref="StreamErrorKind.InvalidRequest"/>: there is no group.</exception>
    ValueTask CommitAsync(IReadOnlyList<StreamPosition> positions, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves reading in one assigned partition; the very next read obeys, and records fetched ahead are dropped. Commits stay as they are.
    /// </summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.OutOfRange"/>: the log does not hold that position, and nothing moved;
    /// <see cref="StreamErrorKind.Fenced"/>: the partition is not ours.</exception>
    ValueTask SeekAsync(int partition, SeekTarget target, CancellationToken cancellationToken = default);

    /// <summary>Stops delivery from these partitions without leaving the group. A partition that is lost and comes back is not paused any more.</summary>
    void Pause(IReadOnlyCollection<int> partitions);

    /// <summary>Undoes <see cref="Pause"/>. Nothing was lost meanwhile.</summary>
    void Resume(IReadOnlyCollection<int> partitions);

    /// <summary>For each assigned partition: where reading goes on, what is committed, and what the log holds.</summary>
    ValueTask<IReadOnlyList<PartitionProgress>> GetProgressAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Leaves the group in an orderly way: revokes everything (the listener may commit), then gives the partitions up so that others take over at once.
    /// Bounded by <paramref name="deadline"/>; what was not done by then is left to the session time-out. Calling it again returns the same receipt.
    /// </summary>
    ValueTask<StopReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default);
}

/// <summary>How far reading is in one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="NextOffset">Where the next read goes on.</param>
/// <param name="Committed">Last position that is done, or null without one.</param>
/// <param name="Bounds">What the log holds.</param>
/// <param name="Lag">Records behind the end that are not yet done (with a group: behind the commit; alone: behind the reader), or null when the provider
/// cannot count them.</param>
public readonly record struct PartitionProgress(int Partition, UInt128 NextOffset, UInt128? Committed, PartitionBounds Bounds, long? Lag);

/// <summary>What a partition holds: offsets from <paramref name="Begin"/> up to, not including, <paramref name="End"/>.</summary>
/// <param name="Begin">The oldest offset that is kept; equal to <paramref name="End"/> when the partition is empty.</param>
/// <param name="End">Where the next append will lie at the earliest. Never goes back, not even when everything is deleted.</param>
public readonly record struct PartitionBounds(UInt128 Begin, UInt128 End);

/// <summary>What a stop achieved.</summary>
/// <param name="Complete">True when everything was handled and given up in time.</param>
/// <param name="Finished">Records handled over the life of the consumer (0 when the caller handles them).</param>
/// <param name="Left">Records delivered or fetched and not done: they will be delivered again.</param>
/// <param name="Committed">The committed position of each partition held at the stop, where there is one.</param>
public sealed record StopReceipt(bool Complete, long Finished, long Left, IReadOnlyList<StreamPosition> Committed);
