using DashStream.Protocol;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Tests.Runs;

[TestClass]
public sealed class DashStreamRunTests
{
    [TestMethod]
    public async Task A_run_is_told_in_the_order_of_the_calls_with_one_row_of_numbers()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t", new RunGraph { Name = "research", EntryPoint = "plan", ManifestJson = "{}", NodeCount = 2, EdgeCount = 1 });

        using (var node = run.Node("plan"))
        {
            node.Progress("reading", 0.5);
            node.Thinking("hm", 1);
            node.Substep("fetch", "done");
            node.Warning("slow");
            run.State("""{"a":1}"""u8);
        }

        run.Edge("plan", "answer");
        run.Branch("answer", "end", "nothing left");
        run.Complete(("success", true));
        await recording.FlushAsync();

        EventType[] expected =
        [
            EventType.GraphStart, EventType.NodeStart, EventType.NodeProgress, EventType.NodeThinking, EventType.NodeSubstep, EventType.NodeWarning,
            EventType.NodeEnd, EventType.EdgeTraversal, EventType.ConditionalBranch, EventType.GraphEnd,
        ];
        CollectionAssert.AreEqual(expected, recording.Events.Select(told => told.EventType).ToList());
        CollectionAssert.AreEqual(
            Enumerable.Range(1, 11).Select(number => (ulong)number).ToList(),
            recording.Messages.SkipLast(1).Select(message => MessageParts.HeaderOf(message)!.Sequence).ToList());
        Assert.AreEqual("research", recording.Events[0].Attributes["graph_name"].StringValue);
        Assert.AreEqual(2, recording.Events[0].Attributes["graph_node_count"].IntValue);
        Assert.AreEqual(0.5, recording.Events[2].Attributes["percent"].FloatValue);
        Assert.IsGreaterThan(0L, recording.Events.Single(told => told.EventType == EventType.NodeEnd).DurationUs);
        Assert.IsNotNull(recording.Messages[^1].ExecutionTrace);
    }

    [TestMethod]
    public async Task Each_message_names_the_one_that_caused_it_also_in_branches_side_by_side()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");

        using (run.Parallel("left", "right"))
        {
            await Task.WhenAll(new[] { "left", "right" }.Select(async branch =>
            {
                using var node = run.Node(branch);
                await Task.Yield();
                using var tool = run.Tool("search", """{"of":1}""", callId: branch);
                await Task.Yield();
                tool.Complete("[]");
            }));
        }

        run.Complete();
        await recording.FlushAsync();

        var byId = recording.Messages.ToDictionary(message => MessageParts.HeaderOf(message)!.MessageId);
        DashStreamMessage ParentOf(DashStreamMessage message) => byId[MessageParts.HeaderOf(message)!.ParentId];
        foreach (var tool in recording.Messages.Where(message => message.ToolExecution is not null))
        {
            var parent = ParentOf(tool);
            var node = tool.ToolExecution.Stage == ExecutionStage.Requested ? parent : ParentOf(parent);
            Assert.AreEqual(tool.ToolExecution.CallId, node.Event.NodeId);
            Assert.AreEqual(EventType.ParallelStart, ParentOf(node).Event.EventType);
            Assert.AreEqual(EventType.GraphStart, ParentOf(ParentOf(node)).Event.EventType);
        }

        Assert.IsTrue(MessageParts.HeaderOf(recording.Messages[0])!.ParentId.IsEmpty);
        Assert.AreEqual(EventType.GraphStart, ParentOf(recording.Messages.Single(message => message.Event?.EventType == EventType.GraphEnd)).Event.EventType);
    }

    [TestMethod]
    public async Task A_run_inside_another_names_what_it_was_started_by()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var outer = recording.Runs.Start("outer");
        using (outer.Node("delegate"))
        {
            using var inner = recording.Runs.Start("inner");
            outer.Edge("a", "b");
            inner.Complete();
        }

        outer.Complete();
        await recording.FlushAsync();

        var node = recording.Events.Single(told => told.EventType == EventType.NodeStart);
        var started = recording.Events.Single(told => told is { EventType: EventType.GraphStart, Header.ThreadId: "inner" });
        Assert.AreEqual(node.Header.MessageId, started.Header.ParentId);
        Assert.AreEqual(node.Header.MessageId, recording.Events.Single(told => told.EventType == EventType.EdgeTraversal).Header.ParentId);
    }

    [TestMethod]
    public async Task A_failing_node_is_recorded_and_its_error_goes_on()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");

        await Assert.ThrowsExactlyAsync<TimeoutException>(() => run.NodeAsync("slow", _ => Task.FromException(new TimeoutException("too late"))));
        var value = await run.NodeAsync("quick", _ => Task.FromResult(7));
        run.Complete();
        await recording.FlushAsync();

        Assert.AreEqual(7, value);
        var error = recording.Events.Single(told => told.EventType == EventType.NodeError);
        Assert.AreEqual("slow", error.NodeId);
        Assert.AreEqual("too late", error.Attributes["error"].StringValue);
        var trace = recording.Messages[^1].ExecutionTrace;
        CollectionAssert.AreEqual(new[] { false, true }, trace.NodesExecuted.Select(node => node.Succeeded).ToList());
        Assert.IsTrue(trace.Errors.Single().Recovered);
        Assert.IsTrue(trace.Completed);
    }

    [TestMethod]
    public async Task A_tool_call_has_its_stages_retries_and_durations()
    {
        var time = new ManualTime();
        await using var recording = await RunFixture.OpenAsync(time: time);
        using var run = recording.Runs.Start("t");

        using (var tool = run.Tool("fetch", """{"id":1}""", "call-1"))
        {
            time.Advance(TimeSpan.FromMilliseconds(5));
            tool.Started();
            time.Advance(TimeSpan.FromMilliseconds(10));
            tool.Retrying(new IOException("reset"));
            time.Advance(TimeSpan.FromMilliseconds(20));
            tool.Complete("not json \ud83d");
        }

        run.Tool("forgotten", callId: "call-2").Dispose();
        await recording.FlushAsync();

        var stages = recording.Messages.Where(message => message.ToolExecution is not null).Select(message => message.ToolExecution).ToList();
        CollectionAssert.AreEqual(
            new[] { ExecutionStage.Requested, ExecutionStage.Started, ExecutionStage.Retrying, ExecutionStage.Completed, ExecutionStage.Requested, ExecutionStage.Failed },
            stages.Select(stage => stage.Stage).ToList());
        CollectionAssert.AreEqual(new[] { 0L, 0, 10_000, 30_000 }, stages.Take(4).Select(stage => stage.DurationUs).ToList());
        CollectionAssert.AreEqual(new uint[] { 0, 0, 1, 1 }, stages.Take(4).Select(stage => stage.RetryCount).ToList());
        Assert.AreEqual("""{"id":1}""", stages[0].Arguments.ToStringUtf8());
        Assert.AreEqual("\"not json \ufffd\"", stages[3].Result.ToStringUtf8());
        Assert.AreEqual("reset", stages[2].ErrorDetails.Message);
        Assert.Contains("without an outcome", stages[5].Error);
    }

    [TestMethod]
    public async Task A_model_call_streams_numbered_pieces_and_ends_with_reason_and_counts()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");

        using (run.Node("answer"))
        {
            using var call = run.ModelCall("m-1", requestId: "r");
            call.Retry("overloaded");
            call.Token("Hel", [1, 2], [-0.5f, -1f]);
            call.Token("lo");
            call.Finish(TokenChunk.Types.FinishReason.Length, new TokenUsage(10, 2));
        }

        run.ModelCall("m-2").Fail(new TimeoutException("late"));
        run.Complete();
        await recording.FlushAsync();

        var chunks = recording.Messages.Where(message => message.TokenChunk is not null).Select(message => message.TokenChunk).ToList();
        CollectionAssert.AreEqual(new uint[] { 0, 1, 2 }, chunks.Select(chunk => chunk.ChunkIndex).ToList());
        CollectionAssert.AreEqual(new[] { false, false, true }, chunks.Select(chunk => chunk.IsFinal).ToList());
        Assert.AreEqual(TokenChunk.Types.FinishReason.Length, chunks[2].FinishReason);
        Assert.AreEqual(12u, chunks[2].Stats.TotalTokens);
        CollectionAssert.AreEqual(new uint[] { 1, 2 }, chunks[0].TokenIds.ToArray());
        EventType[] calls = [EventType.LlmStart, EventType.LlmRetry, EventType.LlmEnd, EventType.LlmStart, EventType.LlmError];
        CollectionAssert.AreEqual(calls, recording.Events.Where(told => told.LlmRequestId.Length > 0).Select(told => told.EventType).ToList());
        Assert.AreEqual("answer", recording.Events.First(told => told.EventType == EventType.LlmEnd).NodeId);
        var trace = recording.Messages[^1].ExecutionTrace;
        Assert.AreEqual(12ul, trace.TotalTokens);
        Assert.AreEqual(10ul, trace.NodesExecuted[0].PromptTokens);
    }

    [TestMethod]
    public async Task A_run_that_is_disposed_without_an_end_is_recorded_as_aborted()
    {
        await using var recording = await RunFixture.OpenAsync();

        recording.Runs.Start("t").Dispose();
        await recording.FlushAsync();

        var error = recording.Events[^1];
        Assert.AreEqual(EventType.GraphError, error.EventType);
        Assert.IsTrue(error.Attributes["aborted"].BoolValue);
        Assert.IsFalse(recording.Messages[^1].ExecutionTrace.Completed);
    }

    [TestMethod]
    public async Task What_is_told_after_the_end_is_counted_and_not_sent()
    {
        await using var recording = await RunFixture.OpenAsync(new() { ThrowOnLoss = true });
        var run = recording.Runs.Start("t");
        var node = run.Node("late");
        run.Fail(new InvalidOperationException("broken"));

        node.Dispose();
        run.State("{}"u8);
        run.Complete();
        run.Dispose();
        var counts = await recording.FlushAsync();

        Assert.AreEqual(2, counts.Total.Dropped);
        Assert.AreEqual(5, counts.Total.Stored);
        CollectionAssert.AreEqual(new[] { EventType.GraphStart, EventType.NodeStart, EventType.GraphError }, recording.Events.Select(told => told.EventType).ToList());
        Assert.AreEqual("broken", recording.Messages.Single(message => message.Error is not null).Error.Message);
    }

    [TestMethod]
    public async Task Attributes_of_every_kind_arrive_and_none_throws()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start(" ", null, "acme",
            ("text", "a"), ("int", 7), ("big", ulong.MaxValue), ("real", 1.5m), ("flag", true), ("bytes", new byte[] { 1 }), ("list", new object?[] { 1, "b", null }),
            ("map", new Dictionary<string, int> { ["k"] = 2 }), ("name", DayOfWeek.Friday), ("odd", new Odd()), ("none", null), ("", "nameless"));
        run.Metrics("node", "plan", ("duration_us", 5L), ("cost_usd", 0.25), ("cache_hit", true), ("note", "x"));
        run.Record(new DashStreamMessage());
        run.Record(new Error { ErrorCode = "E1" });
        run.Interrupt("approve?", ("tool", "pay"));
        run.Resume("yes");
        var counts = await recording.FlushAsync();

        var start = recording.Events[0];
        Assert.AreEqual("acme", start.Header.TenantId);
        Assert.HasCount(36, start.Header.ThreadId);
        Assert.AreEqual(7, start.Attributes["int"].IntValue);
        Assert.AreEqual(1.5, start.Attributes["real"].FloatValue);
        Assert.AreEqual("b", start.Attributes["list"].ArrayValue.Values[1].StringValue);
        Assert.AreEqual(2, start.Attributes["map"].MapValue.Values["k"].IntValue);
        Assert.AreEqual("Friday", start.Attributes["name"].StringValue);
        Assert.Contains("could not be read", start.Attributes["odd"].StringValue);
        Assert.IsFalse(start.Attributes.ContainsKey("none"));
        Assert.AreEqual(0.25, recording.Messages[1].Metrics.Metrics_["cost_usd"].FloatValue);
        Assert.AreEqual("E1", recording.Messages[2].Error.ErrorCode);
        Assert.AreEqual("yes", recording.Events[^1].Attributes["answer"].StringValue);
        Assert.AreEqual(1, counts.Total.Failed);
        Assert.AreEqual(1, counts.ByKind[MessageType.Unspecified].Failed);
        Assert.AreEqual(counts.Total.Recorded, counts.ByKind.Values.Sum(kind => kind.Recorded));
    }

    private sealed class Odd
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }

    [TestMethod]
    public async Task An_exception_that_cannot_be_read_is_recorded_by_its_type_and_thrown_on_as_it_is()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");

        var thrown = await Assert.ThrowsExactlyAsync<UnreadableException>(() => run.NodeAsync("plan", _ => throw new UnreadableException()));
        run.Fail(thrown);
        await recording.FlushAsync();

        Assert.AreEqual(1, recording.Events.Count(told => told.EventType == EventType.NodeError));
        var error = recording.Messages.Single(message => message.Error is not null).Error;
        Assert.AreEqual(nameof(UnreadableException), error.ErrorCode);
        Assert.Contains(nameof(NotSupportedException), error.Message);
    }

    [TestMethod]
    public async Task A_collection_that_holds_itself_many_times_is_cut_off_soon()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var run = recording.Runs.Start("t");
        var endless = new List<object>();
        endless.AddRange(Enumerable.Repeat(endless, 100));

        await Task.Run(() => run.Event(EventType.NodeProgress, "n", ("endless", endless))).WaitAsync(RunFixture.Patience);
        await recording.FlushAsync();

        var told = recording.Events.Single(told => told.NodeId == "n");
        Assert.IsLessThan(1_000_000, told.CalculateSize());
    }

    private sealed class UnreadableException : Exception
    {
        public override string Message => throw new NotSupportedException();
    }
}
