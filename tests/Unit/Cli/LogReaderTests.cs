using DashStream.Cli;
using DashStream.Cli.Parsing;
using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class LogReaderTests
{
    private const string Topic = "runs";

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task A_member_leaves_a_partition_on_which_another_stands_still_to_that_one()
    {
        await using var provider = new MemoryProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec(Topic, 2));
        await SendAsync(provider, 20);
        await using var other = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g", HeartbeatInterval = TimeSpan.FromMilliseconds(50) });
        using var errors = new StringWriter();
        using var terminal = new Terminal(TextWriter.Null, errors);
        var sink = new CountingSink();
        var request = new ParseRequest { Store = "memory:", Topic = Topic, Group = "g" };

        await new LogReader(provider, request, sink, terminal) { Patience = TimeSpan.FromMilliseconds(500) }.RunAsync(CancellationToken.None);

        Assert.HasCount(1, sink.Partitions);
        var left = 1 - sink.Partitions.Single();
        StringAssert.Contains(errors.ToString(), $"note: partition {left} is left to the other members of the group");
    }

    private static async Task SendAsync(MemoryProvider provider, int messages)
    {
        await using var producer = await provider.OpenProducerAsync(Topic);
        var codec = new MessageCodec();
        for (var i = 0; i < messages; i++)
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            var chunk = new TokenChunk { Header = new Header { ThreadId = $"t{i}", Sequence = 1 }, Text = "x" };
            codec.Encode(chunk, chunk.Header, buffer);
            await producer.SendAsync(new StreamRecord(default, buffer.WrittenSpan.ToArray()) { TargetPartition = i % 2 });
        }
    }

    private sealed class CountingSink : IMessageSink
    {
        public HashSet<int> Partitions { get; } = [];

        public void Add(StreamPosition position, DashStreamMessage message) => Partitions.Add(position.Partition);

        public void End()
        {
        }
    }
}
