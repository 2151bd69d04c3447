using System.Text;
using DashStream.Tests.Crash;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileCrashTests
{
    private const int Rounds = 10;
    private const int Partitions = 4;

    [TestMethod]
    public async Task Two_writers_killed_again_and_again_lose_nothing_that_they_were_told_is_stored()
    {
        await using var fixture = await WithTopicAsync(Partitions);
        fixture.Options.LockTimeout = TimeSpan.FromSeconds(20);
        var random = new Random(11);
        var stored = new Dictionary<string, string>();
        var seen = new Dictionary<string, string>();
        var reader = fixture.Open();

        for (var round = 0; round < Rounds; round++)
        {
            CrashProcess[] writers = [Writer(fixture, $"a{round}"), Writer(fixture, $"b{round}")];
            foreach (var writer in writers)
            {
                await writer.ReadAsync(random.Next(1, 3000));
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
        await NoteAsync(fixture.Open(), final);
        foreach (var (position, value) in stored.Concat(seen))
        {
            Assert.AreEqual(value, final.GetValueOrDefault(position), position);
        }

        Assert.HasCount(final.Count, final.Values.Distinct());
        Assert.IsEmpty(reader.Recoveries.Where(recovery => recovery.LostRecords > 0));
    }

    private static CrashProcess Writer(FileStoreFixture fixture, string label) => CrashProcess.Start($"file:{fixture.Root}", "append", Topic, "0", label);

    private static async Task NoteAsync(Providers.FileLogStore store, Dictionary<string, string> seen)
    {
        for (var partition = 0; partition < Partitions; partition++)
        {
            foreach (var record in await ReadAsync(store, partition: partition))
            {
                var value = Encoding.UTF8.GetString(record.Value!.Value.Span);
                Assert.AreEqual(value, seen.GetValueOrDefault($"{record.Position}", value));
                seen[$"{record.Position}"] = value;
            }
        }
    }
}
