using System.Globalization;
using System.Text;
using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.FileStore;

/// <summary>A folder of its own for a test, stores over it, and short ways to append and read.</summary>
internal sealed class FileStoreFixture : IAsyncDisposable
{
    public const string Topic = "events";

    private readonly List<FileLogStore> _stores = [];
    private readonly string _parent = Directory.CreateTempSubdirectory("dashstream-file-").FullName;

    public FileStoreFixture(string? root = null) => Root = root ?? Path.Combine(_parent, "store");

    public string Root { get; }

    public FileProviderOptions Options { get; } = new()
    {
        Fsync = FsyncPolicy.Never,
        SegmentBytes = 4096,
        IndexIntervalBytes = 1024,
        LockTimeout = TimeSpan.FromMilliseconds(500),
        PollInterval = TimeSpan.FromSeconds(30),
    };

    public ManualTime Time { get; } = new();

    public static async Task<FileStoreFixture> WithTopicAsync(int partitions = 1, long segmentBytes = 1024 * 1024)
    {
        var fixture = new FileStoreFixture { Options = { SegmentBytes = segmentBytes } };
        await using var store = fixture.Open();
        await store.TryCreateTopicAsync(new TopicSpec(Topic, partitions), CancellationToken.None);
        return fixture;
    }

    /// <summary>A store as another process would open it.</summary>
    public FileLogStore Open()
    {
        var store = new FileLogStore(Root, Options.Copy(), Time);
        lock (_stores)
        {
            _stores.Add(store);
        }

        return store;
    }

    public string PartitionFolder(int partition = 0) => Path.Combine(Root, "topics", Topic, partition.ToString(CultureInfo.InvariantCulture));

    public string[] Segments(int partition = 0) => [.. Directory.GetFiles(PartitionFolder(partition), "*.log").Order(StringComparer.Ordinal)];

    public static AppendBatch Batch(int partition, params StreamRecord[] records)
    {
        var batch = new AppendBatch(Topic, Guid.NewGuid());
        for (var i = 0; i < records.Length; i++)
        {
            batch.Add(records[i], partition, records[i].TimestampUs, i);
        }

        return batch;
    }

    public static StreamRecord Record(string value, string key = "k", long timestampUs = 1) =>
        new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), null, timestampUs);

    /// <summary>Appends values to a partition, one batch, and returns the offsets.</summary>
    public static async Task<ulong[]> AppendAsync(FileLogStore store, int partition, params string[] values)
    {
        var batch = Batch(partition, [.. values.Select(value => Record(value))]);
        await store.AppendAsync(batch, CancellationToken.None);
        return [.. Enumerable.Range(0, batch.Count).Select(i => (ulong)batch.OffsetAt(i))];
    }

    public static Task<ulong[]> AppendManyAsync(FileLogStore store, int from, int count, int partition = 0) =>
        AppendAsync(store, partition, [.. Enumerable.Range(from, count).Select(Value)]);

    public static string Value(int number) => $"value {number.ToString("D6", CultureInfo.InvariantCulture)} {new string('.', 50)}";

    public static async Task<List<StreamRecord>> ReadAsync(FileLogStore store, ulong from = 0, int partition = 0)
    {
        List<StreamRecord> all = [];
        for (UInt128 next = from; ;)
        {
            var batch = await store.ReadAsync(Topic, partition, next, 100, 64 * 1024, CancellationToken.None);
            if (batch.Count == 0)
            {
                return all;
            }

            all.AddRange(batch);
            next = batch[^1].Position!.Value.Offset + 1;
        }
    }

    public static async Task<string[]> ReadValuesAsync(FileLogStore store, ulong from = 0, int partition = 0) =>
        [.. (await ReadAsync(store, from, partition)).Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span))];

    public static async Task<(ulong Begin, ulong End)> BoundsAsync(FileLogStore store, int partition = 0)
    {
        var bounds = (await store.DescribeAsync(Topic, partition, withCounts: true, CancellationToken.None)).Bounds;
        return ((ulong)bounds.Begin, (ulong)bounds.End);
    }

    /// <summary>A copy of the whole store, as a crash would leave it.</summary>
    public string Snapshot()
    {
        var copy = Path.Combine(_parent, Guid.NewGuid().ToString("N"));
        Copy(Root, copy);
        return copy;
    }

    /// <summary>Puts a copy in the place of the store. Open stores must not be used any more.</summary>
    public void Restore(string snapshot)
    {
        Directory.Delete(Root, recursive: true);
        Copy(snapshot, Root);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }

        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        Directory.Delete(_parent, recursive: true);
    }
}
