using System.Text;
using DashStream.Analysis;
using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>
/// The shared agent runs with the state of every step, recorded into a store as their agents would have, then followed and looked back on. Only public surface, so
/// that the tests of any provider can do it.
/// </summary>
/// <param name="provider">The store.</param>
/// <param name="topic">A name that nobody uses; the topic is made.</param>
internal sealed class RecordedStates(IStreamProvider provider, string topic, CancellationToken cancellationToken)
{
    private const int Partitions = 4;
    private const int AllRuns = 100;
    private const int AllSteps = 2_526;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, List<byte[]>> _truth = [];
    private long _stored;

    /// <summary>Every step has its hash and every run its last state, for one who follows the topic and for one who looks back.</summary>
    public static async Task AssertKeptAsync(IStreamProvider provider, string topic, CancellationToken cancellationToken)
    {
        var states = new RecordedStates(provider, topic, cancellationToken);
        await states.RecordAsync(await ReadRunsAsync(cancellationToken));
        await states.FollowAsync();
        await states.LookBackAsync();
    }

    private static async Task<List<ChatRun>> ReadRunsAsync(CancellationToken cancellationToken)
    {
        var runs = await ChatRunReader.ReadFileAsync(GoldenData.Shared("agent-runs", "airline-gpt-4o.json"), cancellationToken)
            .Select(static item => item.Run!)
            .ToListAsync(cancellationToken);
        Assert.AreEqual((AllRuns, AllSteps), (runs.Count, runs.Sum(static run => run.Messages.Count)), "Runs and steps of the shared data.");
        return runs;
    }

    private async Task RecordAsync(IReadOnlyList<ChatRun> runs)
    {
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic, Partitions), cancellationToken);
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic, cancellationToken: cancellationToken);
        await using var recording = new DashStreamRuns(producer, new() { MaxPendingMessages = 100_000, MaxPendingBytes = 1L << 30, CheckpointEvery = 7, FullStateEvery = 10 });
        foreach (var source in runs)
        {
            using var run = recording.Start($"airline-{source.Number}", new RunGraph { Name = "airline" });
            var states = _truth[run.ThreadId] = [];
            for (var i = 1; i <= source.Messages.Count; i++)
            {
                states.Add(Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', source.Messages.Take(i).Select(static message => message.Json))}}]}"""));
                run.State(states[^1]);
            }

            run.Complete();
        }

        var counts = await recording.FlushAsync(Patience, cancellationToken);
        Assert.AreEqual(counts.Total.Recorded, counts.Total.Stored);
        _stored = counts.Total.Stored;
    }

    private async Task FollowAsync()
    {
        var replicas = new StateReplicas();
        var tenant = "";
        var hashes = _truth.Keys.ToDictionary(static thread => thread, static _ => new List<StateHash>());
        replicas.Moved += (_, e) =>
        {
            tenant = e.TenantId;
            hashes[e.ThreadId].Add(e.Moment!.Hash);
        };
        replicas.ResyncNeeded += static (_, e) => Assert.Fail($"{e.ThreadId}: {e.Reason}");
        var codec = new MessageCodec();
        await foreach (var record in ReadAsync())
        {
            var message = codec.Decode(record.Value!.Value);
            replicas.Offer(message, record.Position, MessageParts.ProducerOf(record, MessageParts.HeaderOf(message)));
        }

        Assert.AreEqual(AllSteps, hashes.Values.Sum(static steps => steps.Count));
        foreach (var (thread, states) in _truth)
        {
            CollectionAssert.AreEqual(HashesOf(states), hashes[thread], thread);
            Assert.IsTrue(replicas.TryGet(tenant, thread, out var replica));
            Assert.AreEqual(StateHash.Of(states[^1]), StateHash.Of(replica.Moment!.State));
        }
    }

    private async IAsyncEnumerable<StreamRecord> ReadAsync()
    {
        await using var reader = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Start = SeekTarget.Beginning }, cancellationToken);
        for (var read = 0L; read < _stored;)
        {
            var batch = await reader.ReadAsync(Patience, cancellationToken);
            Assert.IsNotEmpty(batch.Records, $"{read} of {_stored} records came.");
            Assert.IsEmpty(batch.Gaps);
            foreach (var record in batch.Records)
            {
                read++;
                yield return record;
            }
        }
    }

    private async Task LookBackAsync()
    {
        var history = new StateHistory(provider, topic);
        foreach (var (_, (thread, states)) in _truth.Index().Where(static item => item.Index % 10 == 0))
        {
            var steps = await history.ReadAsync(thread, cancellationToken: cancellationToken).ToListAsync(cancellationToken);
            CollectionAssert.AreEqual(HashesOf(states), steps.Select(static step => step.Moment!.Hash).ToList(), thread);
            var middle = steps[steps.Count / 2];
            var then = await history.GetAsync(thread, StatePoint.AtPosition(middle.Position), cancellationToken: cancellationToken);
            Assert.AreEqual(StateHash.Of(states[steps.Count / 2]), StateHash.Of(then.Moment.State), thread);
        }
    }

    private static List<StateHash> HashesOf(List<byte[]> states) => [.. states.Select(static state => StateHash.Of(state))];
}
