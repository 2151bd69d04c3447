using System.Text.Json.Nodes;
using DashStream.Analysis;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.State;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Tests.Runs;

/// <summary>The shared agent runs, told again as an application would tell them while it works, and read back.</summary>
[TestClass]
public sealed class RecordedAgentRunsTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Every_recorded_run_comes_back_with_its_steps_and_its_final_state()
    {
        var runs = await ChatRunReader.ReadFileAsync(GoldenData.Shared("agent-runs", "airline-gpt-4o.json")).Select(item => item.Run!).ToListAsync();
        await using var provider = new MemoryProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs", 4));
        await using var producer = await DashStreamProducer.OpenAsync(provider, "runs");
        await using var recording = new DashStreamRuns(producer, new() { MaxPendingMessages = 100_000, MaxPendingBytes = 1L << 30, CheckpointEvery = 10, MaxBatchEvents = 5 });

        var finals = await Task.WhenAll(runs.Select(run => Task.Run(() => Tell(recording, run))));
        var counts = await recording.FlushAsync(TimeSpan.FromMinutes(2));
        var stored = await ReadAsync(provider, runs.Count);

        Assert.AreEqual(0, counts.Total.Dropped + counts.Total.Failed + counts.Total.Pending);
        foreach (var (run, final) in runs.Zip(finals))
        {
            var thread = stored[ThreadOf(run)];
            var events = thread.SelectMany(message => message.EventBatch?.Events.ToArray() ?? (message.Event is { } single ? [single] : [])).ToList();
            CollectionAssert.AreEqual(
                run.Messages.Select(message => message.Role).ToList(), events.Where(told => told.EventType == EventType.NodeStart).Select(told => told.NodeId).ToList());
            Assert.HasCount(run.Messages.Sum(message => message.ToolCalls.Count), thread.Where(message => message.ToolExecution?.Stage == ExecutionStage.Requested));
            var state = thread.Where(message => message.StateDiff is not null).Aggregate("null"u8.ToArray(), (state, message) => message.StateDiff.ApplyTo(state));
            Assert.AreEqual(StateHash.Of(final), StateHash.Of(state));
            Assert.HasCount(run.Messages.Count / 10, thread.Where(message => message.Checkpoint is not null));
            var trace = thread.Single(message => message.ExecutionTrace is not null).ExecutionTrace;
            Assert.HasCount(run.Messages.Count, trace.NodesExecuted);
            Assert.AreEqual(StateHash.Of(final), StateHash.Of(trace.FinalState.Memory));
            AssertNumbered(thread);
        }
    }

    private static byte[] Tell(DashStreamRuns recording, ChatRun source)
    {
        using var run = recording.Start(ThreadOf(source), new RunGraph { Name = "airline" });
        var messages = new JsonArray();
        var state = new JsonObject { ["messages"] = messages };
        var tools = new Dictionary<string, RunToolCall>(StringComparer.Ordinal);
        foreach (var message in source.Messages)
        {
            using var node = run.Node(message.Role);
            if (message.Role == "assistant")
            {
                using var call = run.ModelCall("gpt-4o");
                call.Finish(text: message.Text ?? "");
                foreach (var tool in message.ToolCalls)
                {
                    tools[tool.Id] = run.Tool(tool.Name, tool.Arguments, tool.Id);
                }
            }
            else if (message.Role == "tool" && tools.Remove(message.ToolCallId!, out var answered))
            {
                answered.Complete(message.Text);
            }

            messages.Add(JsonNode.Parse(message.Json));
            run.State(state);
        }

        run.Complete(("reward", source.Reward));
        return System.Text.Encoding.UTF8.GetBytes(state.ToJsonString());
    }

    private static string ThreadOf(ChatRun run) => $"airline-{run.Number}";

    private async Task<Dictionary<string, List<DashStreamMessage>>> ReadAsync(MemoryProvider provider, int runs)
    {
        var codec = new MessageCodec();
        var threads = new Dictionary<string, List<DashStreamMessage>>();
        await using var consumer = await provider.OpenConsumerAsync("runs", new StreamConsumerOptions(), TestContext.CancellationToken);
        for (var traces = 0; traces < runs;)
        {
            foreach (var record in (await consumer.ReadAsync(TimeSpan.FromSeconds(1), TestContext.CancellationToken)).Records)
            {
                var message = codec.Decode(record.Value!.Value);
                traces += message.ExecutionTrace is null ? 0 : 1;
                var threadId = MessageParts.HeaderOf(message)!.ThreadId;
                (threads.TryGetValue(threadId, out var thread) ? thread : threads[threadId] = []).Add(message);
            }
        }

        return threads;
    }

    private static void AssertNumbered(IEnumerable<DashStreamMessage> thread)
    {
        var numbers = thread.Where(message => message.ExecutionTrace is null)
            .SelectMany(message => message.EventBatch?.Events.Select(inner => inner.Header.Sequence) ?? [MessageParts.HeaderOf(message)!.Sequence])
            .ToList();
        CollectionAssert.AreEqual(Enumerable.Range(1, numbers.Count).Select(number => (ulong)number).ToList(), numbers);
    }
}
