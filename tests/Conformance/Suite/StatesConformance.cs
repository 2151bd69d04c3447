using System.Text;
using DashStream.State;

namespace DashStream.Conformance;

/// <summary>States of agents arrive through the provider as they were, and can be looked back on.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class StatesConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const string Thread = "conversation";
    private const int States = 40;
    private const int Strangers = 300;

    private static readonly string Padding = new('x', 400);

    [Case]
    [Rule("DS-120", "The state of a thread is found at any number and position of its log, and is the one that the sender had")]
    public async Task A_state_is_found_at_any_moment()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await RecordAsync(topic);
        await SendAsync(topic, Sample.Numbered(Strangers, keys: 3));
        var history = new StateHistory(Provider, topic);

        var steps = await history.ReadAsync(Thread).ToListAsync();
        var latest = await history.GetAsync(Thread, StatePoint.Latest);

        CollectionAssert.AreEqual(Hashes(), steps.Select(step => step.Moment?.Hash).ToList());
        Assert.AreEqual(Hashes()[^1], StateHash.Of(latest.Moment.State));
        Assert.IsEmpty(latest.Bad);
        foreach (var (_, step) in steps.Index().Where(item => item.Index % 7 == 0))
        {
            Assert.AreEqual(step.Moment!.Hash, (await history.GetAsync(Thread, StatePoint.AtPosition(step.Position))).Moment.Hash, $"at {step.Position}");
            Assert.AreEqual(step.Moment.Hash, (await history.GetAsync(Thread, StatePoint.AtSequence(step.Sequence))).Moment.Hash, $"at number {step.Sequence}");
        }
    }

    [Case]
    [Rule("DS-121", "A replica that follows a thread has each of its states in order; one that comes late is brought into step by the log")]
    public async Task A_replica_follows_and_catches_up()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var stored = await RecordAsync(topic);
        var (early, late) = (new StateReplica(Thread), new StateReplica(Thread));
        var moved = new List<StateHash?>();
        early.Moved += (_, e) => moved.Add(e.Moment?.Hash);
        var codec = new MessageCodec();
        foreach (var (i, record) in (await ReadAsync(topic, stored)).Index())
        {
            var message = codec.Decode(record.Value!.Value);
            var producer = MessageParts.ProducerOf(record, MessageParts.HeaderOf(message));
            early.Offer(message, record.Position, producer);
            if (i == stored - 3)
            {
                late.Restore((await new StateHistory(Provider, topic).GetAsync(Thread, StatePoint.AtPosition(record.Position!.Value))).Moment);
            }
            else if (i > stored - 3)
            {
                late.Offer(message, record.Position, producer);
            }
        }

        CollectionAssert.AreEqual(Hashes(), moved);
        Assert.AreEqual((StateReplicaStatus.InSync, Hashes()[^1]), (late.Status, late.Moment!.Hash));
    }

    private static List<StateHash?> Hashes() => [.. Enumerable.Range(0, States).Select(i => (StateHash?)StateHash.Of(State(i)))];

    private static byte[] State(int i) => Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', Enumerable.Range(0, i + 1))}}],"padding":"{{Padding}}"}""");

    private async Task<int> RecordAsync(string topic)
    {
        await using var producer = await DashStreamProducer.OpenAsync(Provider, topic);
        await using var runs = new DashStreamRuns(producer, new DashStreamRunsOptions { FullStateEvery = 15, CheckpointEvery = 9 });
        using var run = runs.Start(Thread, new RunGraph { Name = "test" });
        for (var i = 0; i < States; i++)
        {
            run.State(State(i));
        }

        run.Complete();
        var counts = await runs.FlushAsync(TimeSpan.FromSeconds(60));
        Assert.AreEqual(counts.Total.Recorded, counts.Total.Stored);
        return (int)counts.Total.Stored;
    }
}
