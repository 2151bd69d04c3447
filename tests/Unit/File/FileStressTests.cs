using System.Text;
using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileStressTests
{
    private const int PerWriter = 1500;

    [TestMethod]
    [DataRow(512)]
    [DataRow(8, DisplayName = "with eight files open")]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Writers_readers_and_trims_at_once_agree_on_every_record(int openFiles)
    {
        await using var fixture = await WithTopicAsync(segmentBytes: 4096);
        fixture.Options.MaxOpenFiles = openFiles;
        fixture.Options.LockTimeout = TimeSpan.FromSeconds(30);
        var truth = new System.Collections.Concurrent.ConcurrentDictionary<ulong, string>();
        using var over = new CancellationTokenSource();
        FileLogStore[] writers = [fixture.Open(), fixture.Open()];
        var writing = writers.Select((store, number) => Task.Run(() => WriteAsync(store, number, truth))).ToArray();
        var readers = new[] { writers[0], fixture.Open(), fixture.Open() };
        var reading = readers.Select((store, number) => Task.Run(() => ReadOnAsync(store, number, over.Token))).ToArray();
        var trimming = Task.Run(() => TrimAsync(fixture.Open(), over.Token));

        await Task.WhenAll(writing);
        await over.CancelAsync();
        await trimming;

        Assert.AreSequenceEqual(Enumerable.Range(0, 2 * PerWriter).Select(i => (ulong)i).ToArray(), truth.Keys.Order().ToArray());
        foreach (var seen in await Task.WhenAll(reading))
        {
            foreach (var (offset, value) in seen)
            {
                Assert.AreEqual(truth[offset], value);
            }

            Assert.AreEqual((ulong)(2 * PerWriter) - 1, seen.Keys.Max());
        }
    }

    private static async Task WriteAsync(FileLogStore store, int number, System.Collections.Concurrent.ConcurrentDictionary<ulong, string> truth)
    {
        var random = new Random(number);
        for (var i = 0; i < PerWriter;)
        {
            var values = Enumerable.Range(i, Math.Min(random.Next(1, 20), PerWriter - i)).Select(n => $"{number}:{n}{new string('.', random.Next(300))}").ToArray();
            var offsets = await AppendAsync(store, 0, values);
            for (var j = 0; j < values.Length; j++)
            {
                Assert.IsTrue(truth.TryAdd(offsets[j], values[j]));
            }

            i += values.Length;
        }
    }

    private static async Task<Dictionary<ulong, string>> ReadOnAsync(FileLogStore store, int number, CancellationToken over)
    {
        var random = new Random(number);
        var seen = new Dictionary<ulong, string>();
        for (ulong next = 0; ;)
        {
            var wasOver = over.IsCancellationRequested;
            var stamp = await store.GetStampAsync(Topic, CancellationToken.None);
            var batch = await store.ReadAsync(Topic, 0, next, random.Next(1, 50), random.Next(1, 5000), CancellationToken.None);
            foreach (var record in batch)
            {
                var offset = (ulong)record.Position!.Value.Offset;
                Assert.IsTrue(offset == next || (offset > next && offset == batch[0].Position!.Value.Offset), $"{offset} came instead of {next}");
                seen.Add(offset, Encoding.UTF8.GetString(record.Value!.Value.Span));
                next = offset + 1;
            }

            if (batch.Count == 0 && wasOver)
            {
                return seen;
            }

            if (batch.Count == 0)
            {
                await store.WaitForAppendAsync(Topic, stamp, TimeSpan.FromMilliseconds(100), CancellationToken.None);
            }
        }
    }

    private static async Task TrimAsync(FileLogStore store, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var (begin, end) = await BoundsAsync(store);
            if (end - begin > 400)
            {
                await store.TrimAsync(Topic, 0, end - 300, CancellationToken.None);
            }

            await Task.Yield();
        }
    }
}
