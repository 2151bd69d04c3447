using System.Security.Cryptography;
using DashStream.Analysis;
using DashStream.Cli;
using Microsoft.Data.Sqlite;

namespace DashStream.Tests.Cli;

/// <summary>An import of the original's database changes nothing in its folder, and reads what lies in a log beside it.</summary>
[TestClass]
public sealed class ImportUntouchedTests
{
    private const int Stored = 60;

    private static readonly DateTime LongAgo = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-cli-").FullName;
    private readonly ToolSession _tool = new();

    public static IEnumerable<object[]> Sources() =>
    [
        ["a name with 100% #?.db", "WAL", Array.Empty<string>(), Stored],
        ["plain.db", "DELETE", Array.Empty<string>(), Stored],
        ["logged.db", "WAL", new[] { "-wal" }, Stored + 1],
        ["crashed.db", "WAL", new[] { "-wal", "-shm" }, Stored + 1],
        ["undone.db", "DELETE", new[] { "-journal" }, Stored],
    ];

    private string Source => Path.Combine(_folder, "source");

    [TestInitialize]
    public void Begin() => Directory.CreateDirectory(Source);

    [TestCleanup]
    public async Task EndAsync()
    {
        await _tool.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    [DynamicData(nameof(Sources))]
    public async Task The_folder_of_a_database_is_after_an_import_as_it_was_before(string name, string journal, string[] logs, int entries)
    {
        var path = Make(name, journal, logs);
        var before = Content();

        var result = await _tool.RunAsync("import", "original-sqlite", path, "--to", "memory:");

        Assert.AreEqual(ExitCodes.Ok, result.Code, result.Err);
        Assert.Contains($"airline: {entries} entries read, {entries} imported", result.Out);
        Assert.AreEqual(before, Content());
    }

    [TestMethod]
    public async Task A_link_leads_to_the_logs_of_what_it_names()
    {
        Make("logged.db", "WAL", "-wal");
        var link = Path.Combine(_folder, "link.db");
        File.CreateSymbolicLink(link, Path.Combine(Source, "logged.db"));

        var result = await _tool.RunAsync("import", "original-sqlite", link, "--to", "memory:");

        Assert.Contains($"airline: {Stored + 1} entries read", result.Out);
    }

    [TestMethod]
    [DataRow(0, false)]
    [DataRow(1, false)]
    [DataRow(4, false)]
    [DataRow(5, true)]
    public void A_database_is_copied_again_when_it_was_written_and_read_in_place_when_that_has_no_end(int writes, bool inPlace)
    {
        var path = Make("logged.db", "WAL", "-wal");
        var copies = 0;

        using (var file = OriginalSqliteFile.At(path, () => Touch(path, copies++ < writes)))
        {
            file.Connection.Open();

            Assert.AreEqual(inPlace, file.Connection.DataSource == path, file.Connection.DataSource);
            using var count = file.Connection.CreateCommand();
            count.CommandText = "SELECT count(*) FROM messages";
            Assert.AreEqual((long)Stored + 1, count.ExecuteScalar());
        }

        Assert.AreEqual(Math.Min(writes + 1, 5), copies);
    }

    [TestMethod]
    public void A_copy_is_gone_when_the_import_is()
    {
        var path = Make("logged.db", "WAL", "-wal");
        string copy;
        using (var file = OriginalSqliteFile.At(path))
        {
            copy = Path.GetDirectoryName(file.Connection.DataSource)!;
            Assert.IsTrue(Directory.Exists(copy));
        }

        Assert.IsFalse(Directory.Exists(copy));
    }

    [TestMethod]
    public async Task Who_begins_to_write_while_it_is_read_is_noticed()
    {
        var path = Make("quiet.db", "WAL");
        using var store = OriginalSqliteStore.Open(path);
        var read = 0;

        var error = await Assert.ThrowsExactlyAsync<ImportException>(async () =>
        {
            await foreach (var _ in store.ReadAsync("airline"))
            {
                Touch(path, read++ == 0);
            }
        });

        Assert.AreEqual(Stored, read);
        Assert.Contains("was written while it was read", error.Message);
    }

    private static void Touch(string path, bool really)
    {
        if (really)
        {
            File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(path).AddSeconds(1));
        }
    }

    /// <summary>The original's database with one message more that only a log holds, or one that its log takes back, as a crash leaves it.</summary>
    private string Make(string name, string journal, params string[] logs)
    {
        var live = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "live")).FullName, name);
        var path = Path.Combine(Source, name);
        File.Copy(GoldenData.Trimmed("golden", "original-stores", "dashstream.db"), live);
        using (var writer = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = live, Pooling = false }.ToString()))
        {
            writer.Open();
            Run(writer, $"PRAGMA journal_mode = {journal}; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_spill = 1; PRAGMA cache_size = 1");
            if (logs.Length > 0)
            {
                Run(writer, journal == "WAL" ? "" : "BEGIN");
                Run(writer, $"INSERT INTO messages (topic, offset, timestamp_us, data) SELECT topic, {Stored}, timestamp_us, data FROM messages WHERE offset = 59");
                Run(writer, journal == "WAL" ? "" : "UPDATE messages SET data = zeroblob(4096)");
                Copy();
            }
        }

        if (logs.Length == 0)
        {
            Copy();
        }

        return path;

        void Copy()
        {
            foreach (var suffix in logs.Prepend(""))
            {
                File.Copy(live + suffix, path + suffix);
                File.SetLastWriteTimeUtc(path + suffix, LongAgo);
            }
        }
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private string Content() => string.Join('\n', new DirectoryInfo(Source).EnumerateFiles("*", SearchOption.AllDirectories)
        .OrderBy(file => file.Name, StringComparer.Ordinal)
        .Select(file => $"{file.Name} {file.Length} {file.LastWriteTimeUtc:O} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)))}"));
}
