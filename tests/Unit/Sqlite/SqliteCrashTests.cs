using DashStream.Providers;
using DashStream.Tests.Crash;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

[TestClass]
public sealed class SqliteCrashTests
{
    private const int Rounds = 6;
    private const int Partitions = 4;

    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task Two_writers_killed_again_and_again_lose_nothing_that_they_were_told_is_stored()
    {
        var reader = await _folder.OpenWithTopicAsync(Partitions);
        var random = new Random(7);
        var stored = new Dictionary<string, string>();
        var seen = new Dictionary<string, string>();
        for (var round = 0; round < Rounds; round++)
        {
            CrashProcess[] writers = [Start("append", "0", $"a{round}"), Start("append", "0", $"b{round}")];
            foreach (var writer in writers)
            {
                await writer.ReadAsync(random.Next(1, 2000));
                await NoteAsync(reader, seen);
            }

            foreach (var writer in writers)
            {
                await writer.KillAsync();
                foreach (var words in writer.Lines.Select(line => line.Split(' ')))
                {
                    stored.Add(words[1], words[2]);
                }

                await writer.DisposeAsync();
            }
        }

        var final = new Dictionary<string, string>();
        await NoteAsync(_folder.Open(), final);

        foreach (var (position, value) in stored.Concat(seen))
        {
            Assert.AreEqual(value, final.GetValueOrDefault(position), position);
        }

        Assert.HasCount(final.Count, final.Values.Distinct());
        Assert.AreEqual("ok", _folder.Query("PRAGMA integrity_check"));
    }

    [TestMethod]
    public async Task All_writers_killed_at_once_leave_a_log_that_opens_as_it_was()
    {
        await (await _folder.OpenWithTopicAsync(Partitions)).DisposeAsync();
        await using var writer = Start("append", "0", "a");
        await writer.ReadAsync(500);
        await writer.KillAsync();
        Assert.IsTrue(File.Exists(_folder.DatabasePath + "-wal"));

        var final = new Dictionary<string, string>();
        await NoteAsync(_folder.Open(), final);

        foreach (var words in writer.Lines.Select(line => line.Split(' ')))
        {
            Assert.AreEqual(words[2], final.GetValueOrDefault(words[1]));
        }
    }

    [TestMethod]
    public async Task A_killed_member_of_a_group_is_taken_over_and_nothing_is_skipped()
    {
        const int Count = 2000;
        await using var provider = new SqliteProvider(_folder.DatabasePath, new SqliteProviderOptions { DefaultPartitions = Partitions });
        await using var producer = await provider.OpenProducerAsync(Topic);
        await producer.SendBatchAsync([.. Enumerable.Range(0, Count).Select(i => Record($"{i % 40}", $"{i}"))]);
        await using var victim = Start("consume", "g", "0");
        await victim.ReadAsync(50);
        await victim.KillAsync();
        var done = victim.Lines.Where(line => line.StartsWith("read ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToHashSet();

        await using var heir = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g" });
        var started = TimeProvider.System.GetTimestamp();
        while (done.Count < Count && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
        {
            done.UnionWith((await heir.ReadAsync(TimeSpan.FromSeconds(1))).Records.Select(Text));
        }

        Assert.HasCount(Count, done);
    }

    private CrashProcess Start(string verb, string what, string rest) =>
        CrashProcess.Start($"sqlite:{_folder.DatabasePath}", verb, Topic, what, rest);

    private static async Task NoteAsync(SqliteLogStore store, Dictionary<string, string> seen)
    {
        for (var partition = 0; partition < Partitions; partition++)
        {
            foreach (var record in await ReadAllAsync(store, partition))
            {
                Assert.AreEqual(Text(record), seen.GetValueOrDefault($"{record.Position}", Text(record)));
                seen[$"{record.Position}"] = Text(record);
            }
        }
    }
}
