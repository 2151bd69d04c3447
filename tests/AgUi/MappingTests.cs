using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.State;

namespace DashStream.AgUi.Tests;

[TestClass]
public sealed class MappingTests
{
    [TestMethod]
    public void Every_recording_comes_back_with_every_field()
    {
        foreach (var file in Recordings.All())
        {
            var events = AgUiReader.Read(File.ReadAllBytes(file)).ToList();

            AssertSame(events, RoundTrip(events), Path.GetFileName(file));
        }
    }

    [TestMethod]
    [DataRow("""{"type":"TEXT_MESSAGE_CHUNK","messageId":"m","role":"user","name":"n","delta":"a"}|{"type":"TEXT_MESSAGE_CHUNK","delta":"b"}|{"type":"TEXT_MESSAGE_CHUNK","messageId":"m2"}""")]
    [DataRow("""{"type":"TOOL_CALL_CHUNK","toolCallId":"c","toolCallName":"f","delta":"{"}|{"type":"TOOL_CALL_CHUNK","delta":"}"}|{"type":"TOOL_CALL_RESULT","messageId":"c","toolCallId":"c","content":[{"type":"text","text":"x"}]}""")]
    [DataRow("""{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f","parentMessageId":""}|{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"not json"}|{"type":"TOOL_CALL_END","toolCallId":"c"}|{"type":"TOOL_CALL_RESULT","messageId":"m","toolCallId":"c","content":"5"}""")]
    [DataRow("""{"type":"STATE_SNAPSHOT","snapshot":null}|{"type":"STATE_DELTA","delta":[]}|{"type":"STATE_DELTA","delta":[{"value":1e400,"path":"/a","op":"add"}]}|{"type":"STATE_DELTA","delta":[{"op":"remove","path":"/zz","x":1}]}""")]
    [DataRow("""{"type":"REASONING_MESSAGE_START","messageId":"t","role":"reasoning"}|{"type":"REASONING_MESSAGE_CONTENT","messageId":"t","delta":"hm"}|{"type":"REASONING_MESSAGE_END","messageId":"t"}|{"type":"THINKING_START","title":"x"}""")]
    [DataRow("""{"type":"ACTIVITY_SNAPSHOT","messageId":"a","activityType":"S","content":{"q":null},"replace":true}|{"type":"ACTIVITY_DELTA","messageId":"a","activityType":"S","patch":[]}|{"type":"RAW","event":null,"source":"x"}|{"type":"CUSTOM","name":"n","value":{"v":[1.0,1e2]}}""")]
    [DataRow("""{"type":"SUBAGENT_STARTED","subagentRunId":"s","name":"n"}|{"type":"SUBAGENT_ERROR","subagentRunId":"s","message":"no","code":"c"}|{"type":"NEW_KIND","anything":[1]}|{"type":"TEXT_MESSAGE_CONTENT"}|{"type":"TOOL_CALL_END","toolCallId":"never"}""")]
    public void What_the_recordings_lack_comes_back_too(string stream)
    {
        var events = AgUiReader.Read(Recordings.Lines(["""{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1755300013600}""", .. stream.Split('|'),
            """{"type":"RUN_ERROR","message":"cut","code":"","timestamp":1755300013601,"usage":[]}"""])).ToList();

        AssertSame(events, RoundTrip(events), stream);
    }

    [TestMethod]
    public void Tokens_calls_and_states_are_recorded_as_what_they_are()
    {
        var recorder = new AgUiRecorder();
        var messages = AgUiReader.Read(Recordings.Lines(
            """{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1755300013600}""",
            """{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"hello","timestamp":1755300013601}""",
            """{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"find","timestamp":1755300013602}""",
            """{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{\"a\":","timestamp":1755300013603}""",
            """{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"1}","timestamp":1755300013604}""",
            """{"type":"TOOL_CALL_END","toolCallId":"c","timestamp":1755300013605}""",
            """{"type":"STATE_SNAPSHOT","snapshot":{"n":1},"timestamp":1755300013606}""",
            """{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/n","value":2}],"timestamp":1755300013607}""")).SelectMany(recorder.Map).ToList();

        Assert.HasCount(8, messages);
        Assert.AreEqual("hello", messages[1].TokenChunk.Text);
        Assert.AreEqual(1755300013601000, messages[1].TokenChunk.Header.TimestampUs);
        Assert.AreEqual(("find", """{"a":1}"""), (messages[5].ToolExecution.ToolName, messages[5].ToolExecution.Arguments.ToStringUtf8()));
        Assert.AreEqual("""{"n":2}""", Encoding.UTF8.GetString(messages[7].StateDiff.ApplyTo("""{"n":1}"""u8.ToArray())));
        Assert.AreEqual(StateHash.ByteLength, messages[7].StateDiff.StateHash.Length);
    }

    [TestMethod]
    public async Task A_recording_goes_through_a_producer_and_comes_back()
    {
        await using var provider = new MemoryProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs"));
        await using var producer = await DashStreamProducer.OpenAsync(provider, "runs");
        foreach (var file in Recordings.All())
        {
            var events = AgUiReader.Read(await File.ReadAllBytesAsync(file)).ToList();
            var thread = Path.GetFileName(file);

            var count = await new AgUiRecorder(thread).RecordAsync(producer, events.ToAsyncEnumerable());

            Assert.AreEqual(events.Count, count);
            AssertSame(events, await Stored(provider, thread), thread);
        }
    }

    [TestMethod]
    public async Task A_recorded_run_becomes_a_stream_that_keeps_the_protocol()
    {
        await using var provider = new MemoryProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs"));
        await using (var runs = new DashStreamRuns(await DashStreamProducer.OpenAsync(provider, "runs")))
        {
            Record(runs);
            await runs.FlushAsync(TimeSpan.FromSeconds(30));
        }

        var events = await Stored(provider, "thread");

        var found = AgUiValidator.CheckStream(Recordings.Lines([.. events.Select(item => Encoding.UTF8.GetString(item.ToWire()))]))
            .Where(finding => finding.Severity != AgUiSeverity.Notice).ToList();
        Assert.IsEmpty(found, string.Join("; ", found));
        Assert.AreEqual("hello you", string.Concat(events.Where(item => item.Type == AgUiEventType.TextMessageContent).Select(item => item.Delta)));
        Assert.AreEqual("[1,2]", events.Single(item => item.Type == AgUiEventType.ToolCallResult).Text("content"));
        Assert.AreEqual(2, events.Count(item => item.Type == AgUiEventType.StepStarted));
        Assert.AreEqual(AgUiEventType.RunFinished, events[^1].Type);
        Assert.IsTrue(events[^1].TryGet("usage", out var usage));
        Assert.AreEqual("""[{"model":"m","inputTokens":7,"outputTokens":2,"totalTokens":9}]""", Encoding.UTF8.GetString(usage.Span));
        Assert.Contains(item => item.Type == AgUiEventType.StateDelta, events);
    }

    [TestMethod]
    public async Task Runs_that_fail_wait_or_leave_things_open_keep_the_protocol_too()
    {
        await using var provider = new MemoryProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs"));
        await using (var runs = new DashStreamRuns(await DashStreamProducer.OpenAsync(provider, "runs")))
        {
            RecordTroubles(runs);
            await runs.FlushAsync(TimeSpan.FromSeconds(30));
        }

        var events = await Stored(provider, "thread");

        var found = AgUiValidator.CheckStream(Recordings.Lines([.. events.Select(item => Encoding.UTF8.GetString(item.ToWire()))]))
            .Where(finding => finding.Severity != AgUiSeverity.Notice).ToList();
        Assert.IsEmpty(found, string.Join("; ", found));
        CollectionAssert.AreEqual(
            new[] { AgUiEventType.RunError, AgUiEventType.RunFinished, AgUiEventType.RunFinished },
            events.Where(item => item.Type is AgUiEventType.RunError or AgUiEventType.RunFinished).Select(item => item.Type).ToArray());
        Assert.IsTrue(events.First(item => item.Type == AgUiEventType.RunFinished).TryGet("outcome", out var outcome));
        StringAssert.Contains(Encoding.UTF8.GetString(outcome.Span), "\"reason\":\"may I?\"");
        Assert.AreEqual("no such city", events.Single(item => item.Type == AgUiEventType.ToolCallResult).Text("content"));
    }

    [TestMethod]
    public void Messages_without_a_run_are_told_in_one()
    {
        var message = new DashStreamMessage { TokenChunk = new TokenChunk { Header = new Header { ThreadId = "t" }, RequestId = "q", Text = "a", IsFinal = true } };

        var events = new AgUiTranslator().Translate(message);

        CollectionAssert.AreEqual(
            new[] { AgUiEventType.RunStarted, AgUiEventType.TextMessageStart, AgUiEventType.TextMessageContent, AgUiEventType.TextMessageEnd },
            events.Select(item => item.Type).ToArray());
    }

    [TestMethod]
    public void A_stream_that_names_no_thread_needs_one()
    {
        var item = AgUiEvent.Create(AgUiEventType.StepStarted, ("stepName", "a"));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, Assert.ThrowsExactly<StreamException>(() => new AgUiRecorder().Map(item)).Kind);
        Assert.AreEqual("t", new AgUiRecorder("t").Map(item).Single().Event.Header.ThreadId);
    }

    internal static void Record(DashStreamRuns runs)
    {
        using var run = runs.Start("thread", new RunGraph { Name = "g" });
        run.State("""{"n":1,"history":["a long enough text that a patch is worth it"]}"""u8);
        using (var node = run.Node("plan"))
        {
            node.Thinking("what now");
            using var call = run.ModelCall("m");
            call.Token("hello ");
            call.Token("you");
            call.Finish(usage: new TokenUsage(7, 2));
            using var inner = run.Node("plan");
        }

        using (var tool = run.Tool("find", """{"q":1}""", "c1"))
        {
            tool.Complete("[1,2]");
        }

        run.State("""{"n":2,"history":["a long enough text that a patch is worth it"]}"""u8);
        run.Complete(("ok", true));
    }

    private static void RecordTroubles(DashStreamRuns runs)
    {
        using (var failing = runs.Start("thread"))
        {
            var node = failing.Node("a");
            var call = failing.ModelCall("m", "same id");
            call.Token("cut of");
            failing.Fail(new InvalidOperationException("out of luck"));
            call.Dispose();
            node.Dispose();
        }

        using (var waiting = runs.Start("thread"))
        {
            var call = waiting.ModelCall("m", "same id");
            call.Token("still op");
            var tool = waiting.Tool("weather", "not json", "same call");
            tool.Fail(new InvalidOperationException("no such city"));
            var node = waiting.Node("b");
            waiting.Interrupt("may I?");
            waiting.Complete();
            node.Dispose();
            call.Dispose();
        }

        using var outer = runs.Start("thread");
        using (var inner = runs.Start("thread", new RunGraph { Name = "inner" }))
        {
            inner.Error(new InvalidOperationException("minor"));
            inner.Metrics("graph", "g", ("n", 1));
            inner.Complete();
        }

        outer.Complete();
    }

    internal static async Task<List<AgUiEvent>> Stored(IStreamProvider provider, string thread)
    {
        await using var consumer = await provider.OpenConsumerAsync("runs", new StreamConsumerOptions());
        var translator = new AgUiTranslator();
        var codec = new MessageCodec();
        var events = new List<AgUiEvent>();
        while (await consumer.ReadAsync(TimeSpan.Zero) is { Records.Count: > 0 } batch)
        {
            events.AddRange(batch.Records.Where(record => record.Key.Span.SequenceEqual(Encoding.UTF8.GetBytes(thread)))
                .SelectMany(record => translator.Translate(codec.Decode(record.Value!.Value))));
        }

        return events;
    }

    private static List<AgUiEvent> RoundTrip(IEnumerable<AgUiEvent> events)
    {
        var recorder = new AgUiRecorder("any");
        var translator = new AgUiTranslator();
        return [.. events.SelectMany(recorder.Map).Select(Stamped).SelectMany(translator.Translate)];
    }

    /// <summary>As a producer does: what has no time gets one.</summary>
    private static DashStreamMessage Stamped(DashStreamMessage message)
    {
        var copy = message.Clone();
        var header = MessageParts.HeaderOf(copy)!;
        header.TimestampUs = header.TimestampUs == 0 ? 1_700_000_000_000_001 : header.TimestampUs;
        return copy;
    }

    private static void AssertSame(List<AgUiEvent> expected, List<AgUiEvent> actual, string what)
    {
        Assert.HasCount(expected.Count, actual, what);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.IsTrue(
                JsonNode.DeepEquals(JsonNode.Parse(expected[i].ToWire()), JsonNode.Parse(actual[i].ToWire())),
                $"{what}, event {i}: {Encoding.UTF8.GetString(expected[i].ToWire())} became {Encoding.UTF8.GetString(actual[i].ToWire())}");
        }
    }
}
