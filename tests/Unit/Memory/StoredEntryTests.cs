using System.Runtime.InteropServices;
using DashStream.Providers;
using DashStream.Stores;

namespace DashStream.Tests.Memory;

/// <summary>Records that are copied beside each other, and those that are kept by themselves.</summary>
[TestClass]
public sealed class StoredEntryTests
{
    private const string Topic = "events";
    private const int Trimmed = 700;

    private readonly MemoryLogStore _store = new(new MemoryProviderOptions(), new ManualTime());

    [TestMethod]
    public async Task Records_of_every_size_and_kind_lie_beside_each_other_untouched()
    {
        await _store.TryCreateTopicAsync(new TopicSpec(Topic, partitions: 2), default);
        var random = new Random(3);
        var sent = Enumerable.Range(0, 3000).Select(_ => Mixed(random)).ToList();
        foreach (var chunk in sent.Chunk(70))
        {
            await AppendAsync(chunk);
            foreach (var record in chunk)
            {
                // The sender's memory is the sender's again.
                MemoryMarshal.AsMemory(record.Key).Span.Reverse();
            }
        }

        var read = await _store.ReadAsync(Topic, 0, 0, 100, int.MaxValue, default);
        await _store.TrimAsync(Topic, 0, Trimmed, default);

        AssertSame(Of(sent, 0)[..100], read, first: 0);
        AssertSame(Of(sent, 0)[Trimmed..], await ReadAsync(0), first: Trimmed);
        AssertSame(Of(sent, 1), await ReadAsync(1), first: 0);
    }

    [TestMethod]
    public void Room_grows_with_what_is_in_it_and_is_given_once()
    {
        var room = new ByteRoom();
        var taken = Enumerable.Range(0, 2000).Select(i => (Place: room.Take(i % 300), Size: i % 300)).ToList();

        Assert.IsLessThanOrEqualTo(1024, taken[0].Place.Bytes.Length);
        Assert.IsGreaterThan(32 * 1024, taken[^1].Place.Bytes.Length);
        foreach (var array in taken.GroupBy(one => one.Place.Bytes))
        {
            var end = 0;
            foreach (var ((_, start), size) in array)
            {
                Assert.AreEqual(end, start);
                end = start + size;
            }

            Assert.IsLessThanOrEqualTo(array.Key.Length, end);
        }
    }

    // From empty to beyond what is copied beside others; tombstones and headers among them.
    private static StreamRecord Mixed(Random random)
    {
        int[] sizes = [0, 1, random.Next(300), ByteRoom.LargestPiece - sizeof(long), ByteRoom.LargestPiece + 1];
        var value = random.Next(6) == 0 ? null : new byte[sizes[random.Next(sizes.Length)]];
        random.NextBytes(value ?? []);
        var headers = random.Next(4) == 0 ? StreamHeaders.Create([new StreamHeader("h", BitConverter.GetBytes(random.Next()))]) : null;
        return new StreamRecord(BitConverter.GetBytes(random.NextInt64()), value, headers, random.Next(1, 1_000_000)) { TargetPartition = random.Next(2) };
    }

    private static List<StreamRecord> Of(List<StreamRecord> sent, int partition) => sent.FindAll(record => record.TargetPartition == partition);

    private static void AssertSame(List<StreamRecord> sent, IReadOnlyList<StreamRecord> read, int first)
    {
        Assert.HasCount(sent.Count, read);
        for (var i = 0; i < sent.Count; i++)
        {
            var key = sent[i].Key.ToArray();
            Array.Reverse(key);
            CollectionAssert.AreEqual(key, read[i].Key.ToArray());
            Assert.AreEqual(sent[i].Value is null, read[i].Value is null);
            Assert.IsTrue(sent[i].Value.GetValueOrDefault().Span.SequenceEqual(read[i].Value.GetValueOrDefault().Span));
            CollectionAssert.AreEqual(Texts(sent[i]), Texts(read[i]));
            Assert.AreEqual((sent[i].TimestampUs, sent[i].SizeBytes), (read[i].TimestampUs, read[i].SizeBytes));
            Assert.AreEqual(new StreamPosition(sent[i].TargetPartition!.Value, (UInt128)(first + i)), read[i].Position);
        }
    }

    private static string[] Texts(StreamRecord record) => [.. record.Headers.Select(static header => $"{header.Name}:{Convert.ToHexString(header.Value.Span)}")];

    private async Task AppendAsync(StreamRecord[] records)
    {
        var batch = new AppendBatch(Topic, Guid.NewGuid());
        for (var i = 0; i < records.Length; i++)
        {
            batch.Add(records[i], records[i].TargetPartition!.Value, records[i].TimestampUs, sequence: i);
        }

        await _store.AppendAsync(batch, default);
    }

    private async Task<IReadOnlyList<StreamRecord>> ReadAsync(int partition) =>
        await _store.ReadAsync(Topic, partition, 0, int.MaxValue, int.MaxValue, default);
}
