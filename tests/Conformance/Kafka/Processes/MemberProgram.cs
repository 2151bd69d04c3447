using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>
/// A member of a group in a process of its own. Told <c>read</c> it prints what it read as <c>PARTITION:OFFSET:NUMBER</c> words in a line, told <c>commit</c> it
/// commits that and prints <c>committed</c> or <c>failed</c>.
/// </summary>
internal static class MemberProgram
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(string servers, string topic, string group, string protocol)
    {
        await using var provider = new KafkaProvider(new KafkaProviderOptions
        {
            BootstrapServers = servers, GroupProtocol = Enum.Parse<KafkaGroupProtocol>(protocol), CreateMissingTopics = false,
        });
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions
        {
            Group = group, SessionTimeout = MemberProcess.Session, HeartbeatInterval = MemberProcess.Session / 10,
        });
        IReadOnlyList<StreamPosition> inHand = [];
        while (await Console.In.ReadLineAsync() is { } order)
        {
            if (order == "commit")
            {
                await Console.Out.WriteLineAsync(await TryCommitAsync(consumer, inHand) ? "committed" : "failed");
                continue;
            }

            var batch = await consumer.ReadAsync(Wait);
            inHand = LoadAccount.LastOf(batch.Records.Select(static record => record.Position!.Value));
            await Console.Out.WriteLineAsync(string.Join(' ', batch.Records.Select(static record =>
                $"{record.Position!.Value.Partition}:{record.Position.Value.Offset}:{LoadAccount.NumberOf(record)}")));
        }

        return 0;
    }

    private static async Task<bool> TryCommitAsync(IStreamConsumer consumer, IReadOnlyList<StreamPosition> positions)
    {
        try
        {
            await consumer.CommitAsync(positions);
            return true;
        }
        catch (StreamException)
        {
            return false;
        }
    }
}
