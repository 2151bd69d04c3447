using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>Readers who wait get small batches with what wakes them, and nothing is different for it.</summary>
[TestClass]
public sealed class WakeTests
{
    private const string Topic = "events";

    [TestMethod]
    public async Task A_waiting_reader_is_brought_what_is_sent_now_and_then()
    {
        const int Sends = 100;
        await using var redis = await ProviderUnderTest.StartAsync();
        await using var reader = await redis.OpenReaderAsync(Topic);
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        await producer.SendAsync(ProviderUnderTest.Record(-1));
        await ProviderUnderTest.ReadAsync(reader, 1);
        Assert.IsEmpty((await reader.ReadAsync(TimeSpan.FromMilliseconds(50))).Records, "It has waited once.");
        await redis.Node.CallAsync("CONFIG", "RESETSTAT");
        var numbers = new List<int>();
        for (var i = 0; i < Sends; i++)
        {
            var waiting = ProviderUnderTest.ReadAsync(reader, 1);
            await producer.SendAsync(ProviderUnderTest.Record(i));
            numbers.Add(ProviderUnderTest.NumberOf((await waiting)[0]));
        }

        CollectionAssert.AreEqual(Enumerable.Range(0, Sends).ToArray(), numbers);
        Assert.IsLessThan(Sends, await CallsAsync(redis, "xrange"), "Most reads need no question to the server.");
    }

    [TestMethod]
    public async Task What_is_brought_is_what_is_stored()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: static options => options.DefaultPartitions = 3);
        await using var waiting = await redis.OpenReaderAsync(Topic);
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        Assert.IsEmpty((await waiting.ReadAsync(TimeSpan.FromMilliseconds(50))).Records, "It has waited once.");
        byte[] odd = [0, 255, 10, 13, 128];
        StreamRecord[] kinds =
        [
            new(odd, odd, [new StreamHeader("h", odd), new StreamHeader("h", Array.Empty<byte>())]),
            new(odd, value: null),
            new(default, Array.Empty<byte>()),
            new("other"u8.ToArray(), new byte[10_000]),
        ];
        var brought = new List<StreamRecord>();
        for (var i = 0; i < 40; i++)
        {
            var reading = ProviderUnderTest.ReadAsync(waiting, 1);
            await producer.SendAsync(kinds[i % kinds.Length]);
            brought.AddRange(await reading);
        }

        await using var later = await redis.OpenReaderAsync(Topic);
        var stored = await ProviderUnderTest.ReadAsync(later, brought.Count);

        CollectionAssert.AreEqual(InOrder(stored), InOrder(brought));

        static string[] InOrder(List<StreamRecord> records) => [.. records.OrderBy(static record => (record.Position!.Value.Partition, record.Position.Value.Offset)).Select(Text)];
    }

    [TestMethod]
    public async Task A_foreign_entry_is_not_passed_over_by_who_waits_behind_it()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await using var reader = await redis.OpenReaderAsync(Topic);
        await redis.SendAsync(Topic, 1);
        await ProviderUnderTest.ReadAsync(reader, 1);
        Assert.IsEmpty((await reader.ReadAsync(TimeSpan.FromMilliseconds(50))).Records, "It has waited once.");
        await redis.Node.CallAsync("XADD", ProviderUnderTest.Stream(Topic), "*", "what", "ever");
        await redis.SendAsync(Topic, 1, from: 1);

        var error = await Assert.ThrowsAsync<StreamException>(() => reader.ReadAsync(TimeSpan.FromSeconds(10)).AsTask());

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind, error.Message);
    }

    [TestMethod]
    public async Task What_is_trimmed_does_not_stay_where_readers_were_told_of_it()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        var positions = await redis.SendAsync(Topic, 3);
        var before = await redis.Node.CallAsync("XLEN", "ds:{events}:wake");

        await redis.Provider.Admin.TrimAsync(Topic, new StreamPosition(0, positions[2].Offset + 1));

        Assert.IsGreaterThan(1, Number(before));
        Assert.AreEqual(1, Number(await redis.Node.CallAsync("XLEN", "ds:{events}:wake")));
        Assert.AreEqual(0, Number(await redis.Node.CallAsync("EVAL", "return #redis.call('XRANGE', KEYS[1], '-', '+')[1][2] - 2", "1", "ds:{events}:wake")), "It says that something happened, and no more.");
    }

    [TestMethod]
    public async Task A_trim_is_not_disturbed_by_a_foreign_entry_where_readers_are_woken()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        var positions = await redis.SendAsync(Topic, 3);
        await redis.Node.CallAsync("XADD", "ds:{events}:wake", "*", "what", "ever");

        await redis.Provider.Admin.TrimAsync(Topic, positions[2]);

        await using var reader = await redis.OpenReaderAsync(Topic);
        Assert.AreEqual(2, ProviderUnderTest.NumberOf((await ProviderUnderTest.ReadAsync(reader, 1))[0]));
        Assert.AreEqual(1, Number(await redis.Node.CallAsync("XLEN", "ds:{events}:wake")));
    }

    private static int Number(object? answer) => Convert.ToInt32(answer, CultureInfo.InvariantCulture);

    private static string Text(StreamRecord record) => string.Join(' ', [
        $"{record.Position} {record.TimestampUs} {Convert.ToHexString(record.Key.Span)}",
        record.Value is { } value ? Convert.ToHexString(value.Span) : "none",
        .. record.Headers.Select(static header => $"{header.Name}={Convert.ToHexString(header.Value.Span)}")]);

    private static async Task<int> CallsAsync(ProviderUnderTest redis, string command)
    {
        var lines = ((string)(await redis.Node.CallAsync("INFO", "commandstats"))!).Split('\n');
        var line = lines.FirstOrDefault(line => line.StartsWith($"cmdstat_{command}:calls=", StringComparison.Ordinal)) ?? ":calls=0,";
        return int.Parse(line.Split('=')[1].Split(',')[0], CultureInfo.InvariantCulture);
    }
}
