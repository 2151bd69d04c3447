using DashStream.Providers;
using Microsoft.Data.Sqlite;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

/// <summary>Two stores share nothing but the file, as two processes do.</summary>
[TestClass]
public sealed class SqliteManyProcessesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task What_one_appends_the_other_reads()
    {
        var one = await _folder.OpenWithTopicAsync();
        var two = _folder.Open();

        await AppendAsync(one, 2);
        await AppendAsync(two, 3);
        await AppendAsync(one, 1);

        Assert.HasCount(6, await ReadAllAsync(one));
        Assert.HasCount(6, await ReadAllAsync(two));
    }

    [TestMethod]
    public async Task Many_writers_of_many_stores_lose_nothing_and_share_no_offset()
    {
        var stores = new[] { await _folder.OpenWithTopicAsync(), _folder.Open(), _folder.Open() };

        await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await stores[writer % 3].AppendAsync(Batch(Record($"{writer}", $"{i}")), CancellationToken.None);
            }
        })));

        var records = await ReadAllAsync(stores[0]);
        CollectionAssert.AreEqual(Enumerable.Range(0, 240).Select(i => (UInt128)i).ToArray(), records.Select(r => r.Position!.Value.Offset).ToArray());
        foreach (var writer in records.GroupBy(r => System.Text.Encoding.UTF8.GetString(r.Key.Span)))
        {
            CollectionAssert.AreEqual(Enumerable.Range(0, 20).Select(i => $"{i}").ToArray(), writer.Select(Text).ToArray());
        }
    }

    [TestMethod]
    [DataRow(false, DisplayName = "by its own store")]
    [DataRow(true, DisplayName = "by another store")]
    public async Task A_waiting_reader_is_woken_by_an_append(bool other)
    {
        var reader = await _folder.OpenWithTopicAsync();
        var writer = other ? _folder.Open() : reader;
        for (var round = 0; round < 20; round++)
        {
            var seen = await reader.GetStampAsync(Topic, CancellationToken.None);
            var wait = reader.WaitForAppendAsync(Topic, seen, TimeSpan.FromDays(100), CancellationToken.None).AsTask();

            await AppendAsync(writer, 1);

            await wait.WaitAsync(Long);
            Assert.AreNotEqual(seen, await reader.GetStampAsync(Topic, CancellationToken.None));
        }
    }

    [TestMethod]
    public async Task An_append_between_the_stamp_and_the_wait_is_not_missed()
    {
        var reader = await _folder.OpenWithTopicAsync();
        var seen = await reader.GetStampAsync(Topic, CancellationToken.None);
        await AppendAsync(_folder.Open(), 1);

        await reader.WaitForAppendAsync(Topic, seen, TimeSpan.FromDays(100), CancellationToken.None).AsTask().WaitAsync(Long);
    }

    [TestMethod]
    public async Task A_wait_ends_when_its_time_is_over_or_it_is_cancelled()
    {
        var store = await _folder.OpenWithTopicAsync();
        var seen = await store.GetStampAsync(Topic, CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        var timed = store.WaitForAppendAsync(Topic, seen, TimeSpan.FromSeconds(5), CancellationToken.None).AsTask();
        var cancelled = store.WaitForAppendAsync(Topic, seen, TimeSpan.FromDays(1), cancel.Token).AsTask();

        await _folder.Time.AdvanceUntilAsync(() => timed.IsCompleted, TimeSpan.FromSeconds(1));
        await cancel.CancelAsync();

        await timed;
        await Assert.ThrowsAsync<OperationCanceledException>(() => cancelled);
    }

    [TestMethod]
    public async Task A_store_that_never_pauses_does_not_starve_another()
    {
        var busy = await _folder.OpenWithTopicAsync();
        var modest = _folder.Open();
        using var stop = new CancellationTokenSource();
        var hammers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await AppendAsync(busy, 500, valueBytes: 200);
            }
        })).ToArray();
        var started = TimeProvider.System.GetTimestamp();

        for (var i = 0; i < 10; i++)
        {
            await AppendAsync(modest, 1);
        }

        var elapsed = TimeProvider.System.GetElapsedTime(started);
        await stop.CancelAsync();
        await Task.WhenAll(hammers);
        Assert.IsLessThan(TimeSpan.FromSeconds(5), elapsed);
    }

    [TestMethod]
    public async Task A_lock_held_elsewhere_delays_a_write_but_not_a_read()
    {
        var store = await _folder.OpenWithTopicAsync();
        using var other = _folder.Connect();
        Execute(other, "BEGIN IMMEDIATE");

        var append = AppendAsync(store, 1);
        Assert.IsEmpty(await ReadAllAsync(store));
        Assert.IsFalse(append.IsCompleted);
        Execute(other, "ROLLBACK");

        await append.WaitAsync(Long);
        Assert.HasCount(1, await ReadAllAsync(store));
    }

    [TestMethod]
    public async Task A_lock_held_too_long_elsewhere_is_a_transient_error()
    {
        var store = await _folder.OpenWithTopicAsync(options: new SqliteProviderOptions { BusyTimeout = TimeSpan.FromSeconds(1) });
        using var other = _folder.Connect();
        Execute(other, "BEGIN EXCLUSIVE");
        var started = TimeProvider.System.GetTimestamp();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(store, 1));
        var health = await Assert.ThrowsExactlyAsync<StreamException>(() => store.CheckAsync(CancellationToken.None).AsTask());

        Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
        Assert.AreEqual(StreamErrorKind.Transient, health.Kind);
        Assert.Contains(_folder.DatabasePath, error.Message);
        Assert.Contains("lock", error.Message);
        Assert.IsLessThan(8, TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        Execute(other, "ROLLBACK");
        await AppendAsync(store, 1);
        Assert.HasCount(1, await ReadAllAsync(store));
    }

    [TestMethod]
    public async Task A_lock_held_elsewhere_does_not_hold_up_a_disposal_for_long()
    {
        var store = await _folder.OpenWithTopicAsync(options: new SqliteProviderOptions { BusyTimeout = TimeSpan.FromMinutes(10) });
        using var other = _folder.Connect();
        Execute(other, "BEGIN EXCLUSIVE");
        var append = AppendAsync(store, 1);

        await store.DisposeAsync().AsTask().WaitAsync(Long);

        Assert.AreEqual(StreamErrorKind.Transient, (await Assert.ThrowsExactlyAsync<StreamException>(() => append)).Kind);
    }

    [TestMethod]
    public async Task A_database_locked_while_it_is_opened_is_a_transient_error()
    {
        await (await _folder.OpenWithTopicAsync()).DisposeAsync();
        _folder.Query("PRAGMA journal_mode = DELETE");
        using var other = _folder.Connect();
        Execute(other, "BEGIN EXCLUSIVE");
        var store = _folder.Open(new SqliteProviderOptions { BusyTimeout = TimeSpan.FromSeconds(1) });

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => store.ListTopicsAsync(CancellationToken.None).AsTask());
        Execute(other, "ROLLBACK");

        Assert.AreEqual(StreamErrorKind.Transient, error.Kind);
        Assert.HasCount(1, await store.ListTopicsAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task A_wait_for_the_lock_is_given_up_when_it_is_cancelled_before_its_turn()
    {
        var store = await _folder.OpenWithTopicAsync();
        using var other = _folder.Connect();
        Execute(other, "BEGIN IMMEDIATE");
        using var cancel = new CancellationTokenSource();
        var first = AppendAsync(store, 1);
        await Until.TrueAsync(() => !first.IsCompleted);
        var second = store.AppendAsync(Batch(Record("", "never")), cancel.Token).AsTask();

        await cancel.CancelAsync();
        Execute(other, "ROLLBACK");

        await first;
        await Task.WhenAny(second);
        Assert.HasCount(second.IsCanceled ? 1 : 2, await ReadAllAsync(store));
    }

    [TestMethod]
    public async Task A_file_deleted_under_a_store_is_noticed_before_anything_is_acknowledged()
    {
        var store = await _folder.OpenWithTopicAsync();
        File.Delete(_folder.DatabasePath);

        var append = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(store, 1));
        var health = await Assert.ThrowsExactlyAsync<StreamException>(() => store.CheckAsync(CancellationToken.None).AsTask());

        Assert.AreEqual(StreamErrorKind.Fatal, append.Kind);
        Assert.AreEqual(StreamErrorKind.Fatal, health.Kind);
        Assert.IsFalse(File.Exists(_folder.DatabasePath));
    }

    [TestMethod]
    public async Task The_write_ahead_log_stays_bounded_while_readers_are_at_work()
    {
        var store = await _folder.OpenWithTopicAsync(options: new SqliteProviderOptions { MaxWalBytes = 1024 * 1024 });
        var longest = 0L;
        for (var i = 0; i < 100; i++)
        {
            await AppendAsync(store, 100, valueBytes: 1000);
            _ = await store.ReadAsync(Topic, 0, 0, 100, int.MaxValue, CancellationToken.None);
            longest = Math.Max(longest, new FileInfo(_folder.DatabasePath + "-wal").Length);
        }

        Assert.IsLessThan(3L * 1024 * 1024, longest);
        Assert.IsEmpty(await store.CheckAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task A_reader_elsewhere_that_keeps_the_log_from_shrinking_is_a_warning_and_stops_nobody()
    {
        var store = await _folder.OpenWithTopicAsync(options: new SqliteProviderOptions { MaxWalBytes = 1024 * 1024 });
        await AppendAsync(store, 1);
        using var other = _folder.Connect();
        Execute(other, "BEGIN; SELECT count(*) FROM records");
        for (var i = 0; i < 30; i++)
        {
            await AppendAsync(store, 100, valueBytes: 1000);
        }

        var warnings = await store.CheckAsync(CancellationToken.None);
        Execute(other, "ROLLBACK");
        for (var i = 0; i < 30; i++)
        {
            await AppendAsync(store, 100, valueBytes: 1000);
        }

        Assert.Contains("write-ahead log", warnings.Single());
        Assert.IsEmpty(await store.CheckAsync(CancellationToken.None));
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
