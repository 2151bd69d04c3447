using System.Text;
using DashStream.Providers;
using DashStream.Stores;
using Microsoft.Data.Sqlite;

namespace DashStream.Tests.Sqlite;

/// <summary>A folder of its own for each test, and short words for what the tests do.</summary>
internal sealed class SqliteFolder : IAsyncDisposable
{
    public const string Topic = "events";

    private readonly List<SqliteLogStore> _stores = [];

    public SqliteFolder(string? root = null)
    {
        Root = Path.Combine(root ?? Path.GetTempPath(), "dashstream-sqlite-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    public string DatabasePath => Path.Combine(Root, "log.db");

    public ManualTime Time { get; } = new();

    /// <summary>A store as another process would open it: nothing is shared but the file.</summary>
    public SqliteLogStore Open(SqliteProviderOptions? options = null, string? path = null)
    {
        var store = new SqliteLogStore(path ?? DatabasePath, options ?? new SqliteProviderOptions(), Time);
        _stores.Add(store);
        return store;
    }

    public async Task<SqliteLogStore> OpenWithTopicAsync(int partitions = 1, SqliteProviderOptions? options = null)
    {
        var store = Open(options);
        await store.TryCreateTopicAsync(new TopicSpec(Topic, partitions), CancellationToken.None);
        return store;
    }

    /// <summary>Runs a statement on the file, past the store.</summary>
    public object? Query(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }

    public static StreamRecord Record(string key, string? value, long timestampUs = 1, StreamHeaders? headers = null) =>
        new(Encoding.UTF8.GetBytes(key), value is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(value), headers, timestampUs);

    public static AppendBatch Batch(params IEnumerable<StreamRecord> records) => Batch(0, records);

    public static AppendBatch Batch(int partition, params IEnumerable<StreamRecord> records)
    {
        var batch = new AppendBatch(Topic, Guid.NewGuid());
        var sequence = 0;
        foreach (var record in records)
        {
            batch.Add(record, partition, record.TimestampUs, sequence++);
        }

        return batch;
    }

    public static async Task AppendAsync(SqliteLogStore store, int count, int valueBytes = 10, int partition = 0)
    {
        var value = new byte[valueBytes];
        await store.AppendAsync(Batch(partition, Enumerable.Range(0, count).Select(_ => new StreamRecord(default, value, null, 1))), CancellationToken.None);
    }

    public static async Task<List<StreamRecord>> ReadAllAsync(SqliteLogStore store, int partition = 0)
    {
        var all = new List<StreamRecord>();
        while (true)
        {
            var from = all.Count == 0 ? 0 : all[^1].Position!.Value.Offset + 1;
            var read = await store.ReadAsync(Topic, partition, from, 1000, 1_000_000, CancellationToken.None);
            if (read.Count == 0)
            {
                return all;
            }

            all.AddRange(read);
        }
    }

    public static string Text(StreamRecord record) => record.Value is { } value ? Encoding.UTF8.GetString(value.Span) : "(null)";

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        Directory.Delete(Root, recursive: true);
    }
}
