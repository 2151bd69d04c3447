using System.Text;
using DashStream.Analysis;
using DashStream.Providers;
using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>The shared agent runs, recorded with their states into each store, then followed and looked back on.</summary>
[TestClass]
public sealed class RecordedStatesTests
{
    private const string Topic = "runs";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("memory")]
    [DataRow("file")]
    [DataRow("sqlite")]
    [Timeout(300_000, CooperativeCancellation = true)]
    public async Task Every_step_of_every_recorded_run_has_its_hash_and_the_last_its_state(string scheme)
    {
        var runs = await ChatRunReader.ReadFileAsync(GoldenData.Shared("agent-runs", "airline-gpt-4o.json"), TestContext.CancellationToken).Select(item => item.Run!).ToListAsync();
        var folder = Directory.CreateTempSubdirectory("dashstream-states-").FullName;
        await using (IStreamProvider provider = Open(scheme, folder))
        {
            await provider.Admin.CreateTopicAsync(new TopicSpec(Topic, 4), TestContext.CancellationToken);
            var truth = await RecordAsync(provider, runs);
            await FollowAsync(provider, truth);
            await LookBackAsync(provider, truth);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static IStreamProvider Open(string scheme, string folder) => scheme switch
    {
        "file" => new FileProvider(Path.Combine(folder, "store")),
        "sqlite" => new SqliteProvider(Path.Combine(folder, "store.db")),
        _ => new MemoryProvider(),
    };

    /// <summary>Tells every run as its agent would have; returns the states of each, in order.</summary>
    private static async Task<Dictionary<string, List<byte[]>>> RecordAsync(IStreamProvider provider, IReadOnlyList<ChatRun> runs)
    {
        await using var producer = await DashStreamProducer.OpenAsync(provider, Topic);
        await using var recording = new DashStreamRuns(producer, new() { MaxPendingMessages = 100_000, MaxPendingBytes = 1L << 30, CheckpointEvery = 7, FullStateEvery = 10 });
        var truth = new Dictionary<string, List<byte[]>>();
        foreach (var source in runs)
        {
            using var run = recording.Start($"airline-{source.Number}", new RunGraph { Name = "airline" });
            var states = truth[run.ThreadId] = [];
            for (var i = 1; i <= source.Messages.Count; i++)
            {
                states.Add(Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', source.Messages.Take(i).Select(message => message.Json))}}]}"""));
                run.State(states[^1]);
            }

            run.Complete();
        }

        var counts = await recording.FlushAsync(TimeSpan.FromMinutes(2));
        Assert.AreEqual(counts.Total.Recorded, counts.Total.Stored);
        return truth;
    }

    private async Task FollowAsync(IStreamProvider provider, Dictionary<string, List<byte[]>> truth)
    {
        var replicas = new StateReplicas();
        var tenant = "";
        var hashes = truth.Keys.ToDictionary(thread => thread, _ => new List<StateHash>());
        replicas.Moved += (_, e) =>
        {
            tenant = e.TenantId;
            hashes[e.ThreadId].Add(e.Moment!.Hash);
        };
        replicas.ResyncNeeded += (_, e) => Assert.Fail($"{e.ThreadId}: {e.Reason}");
        var scan = new TopicScan(provider, Topic);
        var codec = new MessageCodec();
        await foreach (var record in scan.ReadAsync(_ => SeekTarget.Beginning, TestContext.CancellationToken))
        {
            var message = codec.Decode(record.Value!.Value);
            replicas.Offer(message, record.Position, MessageParts.ProducerOf(record, MessageParts.HeaderOf(message)));
        }

        foreach (var (thread, states) in truth)
        {
            CollectionAssert.AreEqual(states.Select(state => StateHash.Of(state)).ToList(), hashes[thread], thread);
            Assert.IsTrue(replicas.TryGet(tenant, thread, out var replica));
            Assert.AreEqual(StateHash.Of(states[^1]), StateHash.Of(replica.Moment!.State));
        }
    }

    private async Task LookBackAsync(IStreamProvider provider, Dictionary<string, List<byte[]>> truth)
    {
        var history = new StateHistory(provider, Topic);
        foreach (var (i, (thread, states)) in truth.Index().Where(item => item.Index % 10 == 0))
        {
            var steps = await history.ReadAsync(thread, cancellationToken: TestContext.CancellationToken).ToListAsync(TestContext.CancellationToken);
            CollectionAssert.AreEqual(states.Select(state => StateHash.Of(state)).ToList(), steps.Select(step => step.Moment!.Hash).ToList(), thread);
            var middle = steps[steps.Count / 2];
            var then = await history.GetAsync(thread, StatePoint.AtPosition(middle.Position), cancellationToken: TestContext.CancellationToken);
            Assert.AreEqual(StateHash.Of(states[steps.Count / 2]), StateHash.Of(then.Moment.State), thread);
        }
    }
}
