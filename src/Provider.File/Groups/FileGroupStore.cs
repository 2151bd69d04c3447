using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// One file a group, in its topic's folder, replaced as a whole under the group's lock file. Lock files stay when a group is deleted: removing one would let
/// two processes lock two files of one name.
/// </summary>
internal sealed class FileGroupStore(StoreContext store, TopicCatalog topics, StoreSignals signals) : IGroupStore
{
    public const string FolderName = "groups";

    private const string Suffix = ".grp";
    private const string LockSuffix = ".lock";

    public ValueTask<GroupState> ReadAsync(string topic, string group, CancellationToken cancellationToken) =>
        store.Guard.Run("read a group of topic", topic, () => GroupFile.Read(PathOf(topic, group), store.NowUs), cancellationToken);

    public ValueTask<bool> TryReplaceAsync(string topic, string group, long expectedVersion, ReadOnlyMemory<byte> document,
        IReadOnlyList<PartitionFence> fences, CancellationToken cancellationToken) =>
        ChangeAsync(topic, group, expectedVersion, state =>
        {
            var rows = RowsOf(state);
            foreach (var fence in fences)
            {
                rows[fence.Partition] = new PartitionCommit(fence.Partition, fence.Fence, rows.GetValueOrDefault(fence.Partition).Committed);
            }

            return (document, rows);
        }, cancellationToken);

    public ValueTask<IReadOnlyList<bool>> CommitAsync(
        string topic, string group, IReadOnlyList<FencedCommit> commits, CancellationToken cancellationToken) =>
        store.Guard.RunAsync<IReadOnlyList<bool>>("commit in topic", topic, async () =>
        {
            using var held = await LockAsync(topic, group, cancellationToken).ConfigureAwait(false);
            var state = GroupFile.Read(PathOf(topic, group), store.NowUs);
            var rows = RowsOf(state);
            var outcome = new bool[commits.Count];
            var changed = false;
            for (var i = 0; i < outcome.Length; i++)
            {
                var commit = commits[i];
                outcome[i] = rows.TryGetValue(commit.Partition, out var row) && row.Fence == commit.Fence;
                if (outcome[i] && !(row.Committed >= commit.Offset))
                {
                    rows[commit.Partition] = row with { Committed = commit.Offset };
                    changed = true;
                }
            }

            if (changed)
            {
                Store(topic, group, state.Version, state.Document, rows);
            }

            return outcome;
        }, cancellationToken);

    public ValueTask<bool> TryResetAsync(
        string topic, string group, long expectedVersion, IReadOnlyList<PartitionReset> resets, CancellationToken cancellationToken) =>
        ChangeAsync(topic, group, expectedVersion, state =>
        {
            var rows = RowsOf(state);
            foreach (var reset in resets)
            {
                rows[reset.Partition] = new PartitionCommit(reset.Partition, rows.GetValueOrDefault(reset.Partition).Fence, reset.Committed);
            }

            return (state.Document, rows);
        }, cancellationToken);

    public ValueTask WaitForChangeAsync(string topic, string group, long version, TimeSpan atMost, CancellationToken cancellationToken) =>
        store.Guard.RunAsync("wait for a group of topic", topic, () => signals.WaitAsync(
            SignalOf(topic), () => GroupFile.Read(PathOf(topic, group), 0).Version != version, atMost, cancellationToken), cancellationToken);

    public ValueTask<IReadOnlyList<(string Topic, string Group)>> ListAsync(string? topic, CancellationToken cancellationToken) =>
        store.Guard.Run<IReadOnlyList<(string, string)>>("list the groups of topic", topic ?? "*", () =>
        [
            .. (topic is null ? topics.List() : [topic]).SelectMany(GroupsOf),
        ], cancellationToken);

    public ValueTask<bool> TryDeleteAsync(string topic, string group, long expectedVersion, CancellationToken cancellationToken) =>
        store.Guard.RunAsync("delete a group of topic", topic, async () =>
        {
            if (!File.Exists(PathOf(topic, group)))
            {
                return false;
            }

            using var held = await LockAsync(topic, group, cancellationToken).ConfigureAwait(false);
            if (GroupFile.Read(PathOf(topic, group), 0).Version is var version && (version == 0 || version != expectedVersion))
            {
                return false;
            }

            File.Delete(PathOf(topic, group));
            Signal(topic);
            return true;
        }, cancellationToken);

    private ValueTask<bool> ChangeAsync(string topic, string group, long expectedVersion,
        Func<GroupState, (ReadOnlyMemory<byte> Document, Dictionary<int, PartitionCommit> Rows)> change, CancellationToken cancellationToken) =>
        store.Guard.RunAsync("change a group of topic", topic, async () =>
        {
            using var held = await LockAsync(topic, group, cancellationToken).ConfigureAwait(false);
            var state = GroupFile.Read(PathOf(topic, group), store.NowUs);
            if (state.Version != expectedVersion)
            {
                return false;
            }

            var (document, rows) = change(state);
            Store(topic, group, state.Version + 1, document, rows);
            Signal(topic);
            return true;
        }, cancellationToken);

    private static Dictionary<int, PartitionCommit> RowsOf(GroupState state) => state.Partitions.ToDictionary(row => row.Partition);

    private void Store(string topic, string group, long version, ReadOnlyMemory<byte> document, Dictionary<int, PartitionCommit> rows) =>
        AtomicFile.Replace(PathOf(topic, group), GroupFile.Encode(version, document.Span, rows.Values),
            durable: store.IsDurable, nameToo: store.Options.Fsync == FsyncPolicy.EachAppend);

    /// <summary>Any write to the signal file tells the other processes; what it holds does not matter. The change has happened, so nothing fails here.</summary>
    private void Signal(string topic)
    {
        signals.Fire(SignalOf(topic));
        try
        {
            using var file = File.OpenHandle(
                store.Folder.GroupSignalFile(topic), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.Write(file, [1], 0);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            store.Journal.Warn($"signal:{topic}", $"Other processes notice a change of a group of topic '{topic}' late: {e.Message}");
        }
    }

    private async ValueTask<FileLock.Held> LockAsync(string topic, string group, CancellationToken cancellationToken)
    {
        var open = await topics.GetAsync(topic, cancellationToken).ConfigureAwait(false);
        return await open.GroupLock(Path.Combine(FolderOf(topic), group + LockSuffix)).AcquireAsync(cancellationToken).ConfigureAwait(false);
    }

    private IEnumerable<(string Topic, string Group)> GroupsOf(string topic)
    {
        var folder = FolderOf(topic);
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*" + Suffix).Select(file => (topic, Path.GetFileName(file)[..^Suffix.Length]))
            : [];
    }

    private string SignalOf(string topic) => Path.GetFileName(store.Folder.GroupSignalFile(topic));

    private string FolderOf(string topic) => Path.Combine(store.Folder.TopicFolder(topic), FolderName);

    private string PathOf(string topic, string group) => Path.Combine(FolderOf(topic), group + Suffix);
}
