using System.Collections.Concurrent;
using DashStream.Stores;

namespace DashStream.Groups;

/// <summary>Groups as the admin sees them. Only living members count: the dead do not hold up a reset. Safe for concurrent use.</summary>
internal sealed class GroupAdmin(ILogStore store, TimeProvider time)
{
    private const int Attempts = 10;
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(30);

    // Kept over calls: a member whose beat does not change is found dead by sight even when the store's clock was set back.
    private readonly ConcurrentDictionary<(string Topic, string Group), BeatObserver> _observers = new();

    public async ValueTask<IReadOnlyList<GroupSummary>> ListAsync(string? topic, CancellationToken cancellationToken)
    {
        var summaries = new List<GroupSummary>();
        foreach (var (of, group) in await store.Groups.ListAsync(topic, cancellationToken).ConfigureAwait(false))
        {
            // A group that is deleted meanwhile, or with its topic, is not listed.
            if (await store.FindTopicAsync(of, cancellationToken).ConfigureAwait(false) is { } spec
                && await ReadAsync(spec, group, cancellationToken).ConfigureAwait(false) is { Version: > 0 } view)
            {
                summaries.Add(new GroupSummary(of, group, view.Document.Generation, LivingIn(view, of, group).Count));
            }
        }

        return [.. summaries.OrderBy(static s => s.Topic, StringComparer.Ordinal).ThenBy(static s => s.Group, StringComparer.Ordinal)];
    }

    public async ValueTask<GroupDescription?> DescribeAsync(TopicSpec topic, string group, CancellationToken cancellationToken)
    {
        var view = await ReadAsync(topic, group, cancellationToken).ConfigureAwait(false);
        if (view.Version == 0)
        {
            return null;
        }

        var living = LivingIn(view, topic.Name, group);
        var partitions = new List<GroupPartition>(topic.Partitions);
        for (var partition = 0; partition < topic.Partitions; partition++)
        {
            var committed = view.CommittedIn(partition);
            var lag = await store.CountAsync(topic.Name, partition, committed is { } done ? done + 1 : UInt128.Zero, cancellationToken).ConfigureAwait(false);
            var owner = living.FirstOrDefault(member => member.Number == view.Document.Partitions[partition].Owner)?.Id;
            partitions.Add(new GroupPartition(partition, owner, committed, lag));
        }

        var members = living.Select(member => new GroupMember(member.Id, view.Document.OwnedBy(member.Number)));
        return new GroupDescription(topic.Name, group, view.Document.Generation, [.. members], partitions);
    }

    /// <summary>
    /// Makes the record at the target the first one that is read. A commit names the last record done, so the one before the target is committed; before
    /// offset 0 there is none, and the document says instead that the group begins at the beginning, whatever its consumers' own start is.
    /// </summary>
    public async ValueTask ResetAsync(TopicSpec topic, string group, int? partition, SeekTarget target, CancellationToken cancellationToken)
    {
        var resets = new List<PartitionReset>();
        foreach (var one in partition is { } named ? [named] : Enumerable.Range(0, topic.Partitions))
        {
            var next = await TargetResolver.ResolveAsync(store, topic.Name, one, target, cancellationToken).ConfigureAwait(false);
            resets.Add(new PartitionReset(one, next == UInt128.Zero ? null : next - 1));
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var view = await ReadAsync(topic, group, cancellationToken).ConfigureAwait(false);
            ThrowIfAtWork(view, topic.Name, group, "reset");
            view = await NoteBeginningsAsync(view, topic, group, resets, cancellationToken).ConfigureAwait(false);
            if (view is not null && await store.Groups.TryResetAsync(topic.Name, group, view.Version, resets, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        throw Contended(topic.Name, group);
    }

    public async ValueTask<bool> DeleteAsync(TopicSpec topic, string group, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var view = await ReadAsync(topic, group, cancellationToken).ConfigureAwait(false);
            if (view.Version == 0)
            {
                return false;
            }

            ThrowIfAtWork(view, topic.Name, group, "deleted");
            if (await store.Groups.TryDeleteAsync(topic.Name, group, view.Version, cancellationToken).ConfigureAwait(false))
            {
                _observers.TryRemove((topic.Name, group), out _);
                return true;
            }
        }

        throw Contended(topic.Name, group);
    }

    // Before the commits are taken away: alone, the note changes nothing. Also makes a group that does not exist.
    private async ValueTask<GroupView?> NoteBeginningsAsync(
        GroupView view, TopicSpec topic, string group, List<PartitionReset> resets, CancellationToken cancellationToken)
    {
        var fresh = resets.FindAll(reset => reset.Committed is null && !view.Document.Partitions[reset.Partition].FromBeginning);
        if (fresh.Count == 0 && view.Version > 0)
        {
            return view;
        }

        fresh.ForEach(reset => view.Document.Partitions[reset.Partition].FromBeginning = true);
        var bytes = GroupDocumentFormat.Write(view.Document);
        var replaced = await store.Groups.TryReplaceAsync(topic.Name, group, view.Version, bytes, [], cancellationToken).ConfigureAwait(false);
        return replaced ? view with { Version = view.Version + 1 } : null;
    }

    private ValueTask<GroupView> ReadAsync(TopicSpec topic, string group, CancellationToken cancellationToken) =>
        new GroupLedger(store.Groups, topic.Name, group, topic.Partitions, time).ReadAsync(StoreLimit, cancellationToken);

    private List<MemberEntry> LivingIn(GroupView view, string topic, string group)
    {
        if (view.Document.Members.Count == 0)
        {
            _observers.TryRemove((topic, group), out _);
            return [];
        }

        var observer = _observers.GetOrAdd((topic, group), _ => new BeatObserver(time));
        lock (observer)
        {
            var dead = observer.FindDead(view);
            return view.Document.Members.FindAll(member => !dead.Contains(member.Number));
        }
    }

    private void ThrowIfAtWork(GroupView view, string topic, string group, string what)
    {
        var living = LivingIn(view, topic, group);
        if (living.Count > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Group '{group}' of topic '{topic}' cannot be {what} while members are at work: {string.Join(", ", living.Select(static m => m.Id))}. Stop them first.");
        }
    }

    private static StreamException Contended(string topic, string group) =>
        new(StreamErrorKind.Transient, $"Group '{group}' of topic '{topic}' was changed by others {Attempts} times over. Try again.");
}
