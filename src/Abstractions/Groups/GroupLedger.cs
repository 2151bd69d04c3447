using DashStream.Stores;

namespace DashStream.Groups;

/// <summary>
/// One group's document in the store: reads it, and changes it by compare-and-swap, again and again within a bound. Every call to the store is bounded too,
/// even if the store ignores its token. Safe for concurrent use.
/// </summary>
internal sealed class GroupLedger(IGroupStore store, string topic, string group, int partitions, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>How the group is called in messages.</summary>
    public string Name { get; } = $"group '{group}' of topic '{topic}'";

    /// <exception cref="StreamException">The store failed or did not answer in time (<see cref="StreamErrorKind.Transient"/>).</exception>
    public async ValueTask<GroupView> ReadAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var askedAt = time.GetTimestamp();
        var state = await BoundAsync(token => store.ReadAsync(topic, group, token), limit, cancellationToken).ConfigureAwait(false);
        var document = GroupDocumentFormat.Read(state.Document, partitions, state.NowUs, Name);
        return new GroupView(state.Version, document, state.Partitions, state.NowUs, askedAt);
    }

    /// <summary>
    /// Applies a change to the newest state and stores it; the change is asked again whenever somebody else was first. Returns the state as it is now.
    /// </summary>
    /// <param name="change">Changes the document; false when there is nothing to change.</param>
    /// <param name="limit">For each call to the store, and for the whole.</param>
    /// <param name="cancellationToken">Ends the attempt; the last step may have happened.</param>
    /// <exception cref="StreamException">The store failed, or others were always first (<see cref="StreamErrorKind.Transient"/>).</exception>
    public async ValueTask<GroupView> UpdateAsync(Func<GroupView, bool> change, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var view = await ReadAsync(limit, cancellationToken).ConfigureAwait(false);
            var before = view.Document.Partitions.AsSpan().ToArray();
            if (!change(view))
            {
                return view;
            }

            var bytes = GroupDocumentFormat.Write(view.Document);
            var fences = ChangedFences(before, view.Document.Partitions);
            if (await BoundAsync(token => store.TryReplaceAsync(topic, group, view.Version, bytes, fences, token), limit, cancellationToken).ConfigureAwait(false))
            {
                return view with { Version = view.Version + 1 };
            }

            if (time.GetElapsedTime(start) > limit)
            {
                throw new StreamException(StreamErrorKind.Transient, $"The state of {Name} was changed by others {attempt + 1} times in {limit}. Try again.");
            }

            await Task.Delay(PauseAfter(attempt), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for a change by anyone, for the signal, or for the time to be over.</summary>
    public ValueTask WaitForChangeAsync(long version, Task signal, TimeSpan atMost, CancellationToken cancellationToken) =>
        InterruptibleWait.RunAsync(
            token => store.WaitForChangeAsync(topic, group, version, atMost, token), signal, atMost, time, cancellationToken);

    private async ValueTask<T> BoundAsync<T>(Func<CancellationToken, ValueTask<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            var answer = call(bound.Token);
            return answer.IsCompleted
                ? await answer.ConfigureAwait(false)
                : await answer.OrLeaveAsync(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamException(StreamErrorKind.Transient, $"The store did not answer for {Name} within {limit}.", e);
        }
    }

    private static List<PartitionFence> ChangedFences(PartitionEntry[] before, PartitionEntry[] after)
    {
        var changed = new List<PartitionFence>();
        for (var partition = 0; partition < after.Length; partition++)
        {
            if (before[partition].Fence != after[partition].Fence)
            {
                changed.Add(new PartitionFence(partition, after[partition].Fence));
            }
        }

        return changed;
    }

    private static TimeSpan PauseAfter(int attempt)
    {
        var ceiling = Math.Min(LongestPause.TotalMilliseconds, FirstPause.TotalMilliseconds * Math.Pow(2, attempt));
        return TimeSpan.FromMilliseconds(ceiling * (0.5 + (Chance.Random.NextDouble() / 2)));
    }
}
