using DashStream.Providers;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

[TestClass]
public sealed class SqliteFormatTests
{
    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task A_missing_folder_is_made()
    {
        var store = _folder.Open(path: Path.Combine(_folder.Root, "a", "b c", "100% #1?", "log.db"));

        Assert.IsTrue(await store.TryCreateTopicAsync(new TopicSpec(Topic), CancellationToken.None));
        await store.DisposeAsync();
        var again = _folder.Open(path: Path.Combine(_folder.Root, "a", "b c", "100% #1?", "log.db"));

        Assert.HasCount(1, await again.ListTopicsAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task An_empty_file_becomes_a_database()
    {
        await File.WriteAllBytesAsync(_folder.DatabasePath, []);

        await _folder.OpenWithTopicAsync();

        Assert.AreEqual((long)SqliteSchema.ApplicationId, _folder.Query("PRAGMA application_id"));
        Assert.AreEqual((long)SqliteSchema.FormatVersion, _folder.Query("PRAGMA user_version"));
        Assert.AreEqual("wal", _folder.Query("PRAGMA journal_mode"));
    }

    [TestMethod]
    [DataRow("hello, this is a text file and no database at all")]
    [DataRow("x")]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone(string content)
    {
        await File.WriteAllTextAsync(_folder.DatabasePath, content);

        var error = await RefusalAsync();

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        Assert.Contains(_folder.DatabasePath, error.Message);
        Assert.AreEqual(content, await File.ReadAllTextAsync(_folder.DatabasePath));
        Assert.HasCount(1, Directory.GetFiles(_folder.Root));
    }

    [TestMethod]
    public async Task Another_applications_database_is_refused_and_left_alone()
    {
        _folder.Query("CREATE TABLE theirs (x); PRAGMA journal_mode = WAL; INSERT INTO theirs VALUES (1)");
        var before = await File.ReadAllBytesAsync(_folder.DatabasePath);

        var error = await RefusalAsync();

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        Assert.Contains("not one of DashStream", error.Message);
        CollectionAssert.AreEqual(before, await File.ReadAllBytesAsync(_folder.DatabasePath));
        Assert.HasCount(1, Directory.GetFiles(_folder.Root));
    }

    [TestMethod]
    public async Task The_originals_database_is_refused_and_left_alone()
    {
        var golden = GoldenData.Trimmed("golden", "original-stores", "dashstream.db");
        File.Copy(golden, _folder.DatabasePath);

        var error = await RefusalAsync();

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        CollectionAssert.AreEqual(await File.ReadAllBytesAsync(golden), await File.ReadAllBytesAsync(_folder.DatabasePath));
    }

    [TestMethod]
    public async Task A_newer_format_is_refused_and_left_alone()
    {
        var store = await _folder.OpenWithTopicAsync();
        await store.DisposeAsync();
        _folder.Query($"PRAGMA user_version = {SqliteSchema.FormatVersion + 1}");
        var before = await File.ReadAllBytesAsync(_folder.DatabasePath);

        var error = await RefusalAsync();

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        Assert.Contains("newer version", error.Message);
        CollectionAssert.AreEqual(before, await File.ReadAllBytesAsync(_folder.DatabasePath));
    }

    [TestMethod]
    public async Task A_folder_in_the_files_place_is_refused()
    {
        Directory.CreateDirectory(_folder.DatabasePath);

        Assert.AreEqual(StreamErrorKind.InvalidRequest, (await RefusalAsync()).Kind);
    }

    [TestMethod]
    public async Task A_file_in_the_folders_place_is_refused()
    {
        var file = Path.Combine(_folder.Root, "file");
        await File.WriteAllTextAsync(file, "x");
        var store = _folder.Open(path: Path.Combine(file, "log.db"));

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => store.ListTopicsAsync(CancellationToken.None).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains(file, error.Message);
    }

    [TestMethod]
    public async Task A_refused_store_opens_once_the_reason_is_gone()
    {
        await File.WriteAllTextAsync(_folder.DatabasePath, "not a database");
        var store = _folder.Open();
        await Assert.ThrowsExactlyAsync<StreamException>(() => store.ListTopicsAsync(CancellationToken.None).AsTask());

        File.Delete(_folder.DatabasePath);

        Assert.IsEmpty(await store.ListTopicsAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task Many_stores_may_make_the_database_at_once()
    {
        var stores = Enumerable.Range(0, 6).Select(_ => _folder.Open()).ToArray();

        var made = await Task.WhenAll(stores.Select(store => Task.Run(() => store.TryCreateTopicAsync(new TopicSpec(Topic), CancellationToken.None).AsTask())));

        Assert.AreEqual(1, made.Count(first => first));
    }

    [TestMethod]
    public async Task A_damaged_page_is_an_error_that_says_so()
    {
        var store = await _folder.OpenWithTopicAsync();
        await AppendAsync(store, 500, valueBytes: 200);
        await store.DisposeAsync();
        await using (var file = File.OpenWrite(_folder.DatabasePath))
        {
            for (var page = 12; page < 20; page++)
            {
                file.Position = page * 4096;
                file.Write(Enumerable.Repeat((byte)0xA5, 4096).ToArray());
            }
        }

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => ReadAllAsync(_folder.Open()));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.Contains(_folder.DatabasePath, error.Message);
    }

    [TestMethod]
    public async Task The_view_shows_the_log_to_people()
    {
        var store = await _folder.OpenWithTopicAsync(partitions: 2);
        await AppendAsync(store, 3, partition: 1);
        await store.AppendAsync(Batch(1, Record("k", "hello", 1_767_225_600_500_000)), CancellationToken.None);

        Assert.AreEqual("events 1 3 2026-01-01T00:00:00.500Z k hello", _folder.Query("""
            SELECT topic || ' ' || "partition" || ' ' || "offset" || ' ' || time || ' ' || CAST(key AS TEXT) || ' ' || CAST(value AS TEXT)
            FROM log ORDER BY topic, "partition", "offset" DESC
            """));
    }

    private async Task<StreamException> RefusalAsync() =>
        await Assert.ThrowsExactlyAsync<StreamException>(() => _folder.Open().ListTopicsAsync(CancellationToken.None).AsTask());
}
