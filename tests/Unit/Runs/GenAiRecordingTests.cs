using System.Diagnostics;
using System.Text.Json;
using DashStream.Protocol;
using DashStream.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Tests.Runs;

[TestClass]
public sealed class GenAiRecordingTests : IDisposable
{
    private readonly ActivitySource _library = new($"test.genai.{Guid.NewGuid():N}");

    public void Dispose() => _library.Dispose();

    [TestMethod]
    public async Task A_chat_span_becomes_a_model_call_in_its_conversation()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var bridge = Listen(recording);

        // As Microsoft.Extensions.AI does it: the tags come after the start.
        using (var chat = _library.StartActivity("chat gpt-4o-mini", ActivityKind.Client)!)
        {
            chat.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.request.model", "gpt-4o-mini").SetTag("gen_ai.provider.name", "openai")
                .SetTag("gen_ai.conversation.id", "conv-1").SetTag("gen_ai.request.temperature", 0.5f)
                .SetTag("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""");
            chat.SetTag("gen_ai.response.finish_reasons", "[\"stop\"]").SetTag("gen_ai.response.model", "gpt-4o-mini-2024").SetTag("gen_ai.usage.input_tokens", 12)
                .SetTag("gen_ai.usage.output_tokens", 3)
                .SetTag("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"Hello, "},{"type":"text","content":"you."}],"finish_reason":"stop"}]""");
        }

        await recording.FlushAsync();

        Assert.HasCount(3, recording.Messages);
        var (start, chunk, end) = (recording.Messages[0].Event, recording.Messages[1].TokenChunk, recording.Messages[2].Event);
        Assert.AreEqual("conv-1", start.Header.ThreadId);
        Assert.AreEqual(EventType.LlmStart, start.EventType);
        Assert.AreEqual("gpt-4o-mini", start.Attributes["gen_ai.request.model"].StringValue);
        Assert.AreEqual(32, start.Attributes["trace_id"].StringValue.Length);
        Assert.IsFalse(start.Attributes.ContainsKey("gen_ai.usage.input_tokens"));
        Assert.AreEqual("Hello, you.", chunk.Text);
        Assert.AreEqual(TokenChunk.Types.FinishReason.Stop, chunk.FinishReason);
        Assert.AreEqual(15u, chunk.Stats.TotalTokens);
        Assert.AreEqual("gpt-4o-mini-2024", chunk.Model);
        Assert.AreEqual(EventType.LlmEnd, end.EventType);
        Assert.AreEqual(start.LlmRequestId, end.LlmRequestId);
        Assert.AreEqual(start.Header.MessageId, end.Header.ParentId);
        Assert.IsGreaterThan(0L, end.DurationUs);
        Assert.IsFalse(end.Attributes.ContainsKey("gen_ai.request.model"));
    }

    [TestMethod]
    public async Task A_failed_call_is_an_error_without_output()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var bridge = Listen(recording);

        using (var chat = _library.StartActivity("chat m")!)
        {
            chat.SetTag("gen_ai.operation.name", "chat").SetTag("error.type", "System.TimeoutException").SetStatus(ActivityStatusCode.Error, "too late");
        }

        await recording.FlushAsync();

        Assert.HasCount(2, recording.Messages);
        Assert.AreEqual(EventType.LlmError, recording.Events[1].EventType);
        Assert.AreEqual("too late", recording.Events[1].Attributes["error"].StringValue);
        Assert.AreEqual("System.TimeoutException", recording.Events[1].Attributes["error.type"].StringValue);
        Assert.AreEqual(recording.Events[0].Attributes["trace_id"].StringValue, recording.Events[0].Header.ThreadId);
    }

    [TestMethod]
    public async Task Inside_a_run_spans_are_part_of_the_run_and_of_its_node()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var bridge = Listen(recording);
        using var run = recording.Runs.Start("mine");

        await run.NodeAsync("answer", async _ =>
        {
            using var agent = _library.StartActivity("invoke_agent Helper")!;
            await Task.Yield();
            using var chat = _library.StartActivity("chat m")!;
            chat.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.usage.input_tokens", 5L).SetTag("gen_ai.usage.output_tokens", "2");
        });
        run.Complete();
        await recording.FlushAsync();

        Assert.IsTrue(recording.Messages.All(message => MessageParts.HeaderOf(message)!.ThreadId == "mine"));
        EventType[] expected =
        [
            EventType.GraphStart, EventType.NodeStart, EventType.NodeStart, EventType.LlmStart, EventType.LlmEnd, EventType.NodeEnd, EventType.NodeEnd, EventType.GraphEnd,
        ];
        CollectionAssert.AreEqual(expected, recording.Events.Select(told => told.EventType).ToList());
        Assert.AreEqual(recording.Events[1].Header.MessageId, recording.Events[2].Header.ParentId);
        Assert.AreEqual("Helper", recording.Events[3].NodeId);
        Assert.AreEqual(7ul, recording.Messages[^1].ExecutionTrace.NodesExecuted[0].TotalTokens);
    }

    [TestMethod]
    public async Task A_tool_without_a_span_of_its_own_is_completed_by_what_the_model_is_told_next()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var bridge = Listen(recording);

        using (_library.StartActivity("invoke_agent A"))
        {
            using (var first = _library.StartActivity("chat m")!)
            {
                first.SetTag("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"add","arguments":{"a":1}}],"finish_reason":"tool_call"}]""");
            }

            using var second = _library.StartActivity("chat m")!;
            second.SetTag("gen_ai.input.messages", """[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"3"},{"type":"tool_call_response","id":"old","response":"x"}]}]""");
        }

        await recording.FlushAsync();

        var tools = recording.Messages.Where(message => message.ToolExecution is not null).Select(message => message.ToolExecution).ToList();
        CollectionAssert.AreEqual(new[] { ExecutionStage.Requested, ExecutionStage.Completed }, tools.Select(tool => tool.Stage).ToList());
        Assert.AreEqual("add", tools[1].ToolName);
        Assert.AreEqual("""{"a":1}""", tools[0].Arguments.ToStringUtf8());
        Assert.AreEqual("3", tools[1].Result.ToStringUtf8());
    }

    [TestMethod]
    public async Task A_span_that_wraps_calls_does_not_count_their_tokens_again()
    {
        await using var recording = await RunFixture.OpenAsync();
        using var bridge = Listen(recording);

        using (var outer = _library.StartActivity("chat m")!)
        {
            using (_library.StartActivity("orchestrate_tools"))
            {
                for (var i = 0; i < 2; i++)
                {
                    using var inner = _library.StartActivity("chat m")!;
                    inner.SetTag("gen_ai.usage.input_tokens", 10).SetTag("gen_ai.usage.output_tokens", 1);
                }
            }

            outer.SetTag("gen_ai.usage.input_tokens", 20).SetTag("gen_ai.usage.output_tokens", 2);
        }

        using (var alone = _library.StartActivity("invoke_agent B")!)
        {
            alone.SetTag("gen_ai.usage.input_tokens", 100).SetTag("gen_ai.usage.output_tokens", 0);
        }

        await recording.FlushAsync();

        Assert.AreEqual(122L, recording.Messages.Sum(message => message.TokenChunk?.Stats.TotalTokens ?? 0));
        Assert.HasCount(2, recording.Events.Where(told => told.EventType == EventType.LlmStart));
        Assert.HasCount(1, recording.Events.Where(told => told.EventType == EventType.NodeStart));
        Assert.AreEqual("B", recording.Events.Single(told => told.EventType == EventType.GraphStart).Attributes["graph_name"].StringValue);
    }

    [TestMethod]
    public async Task Content_can_be_left_out_and_long_text_is_only_measured()
    {
        await using var recording = await RunFixture.OpenAsync();
        var without = new GenAiRecordingOptions { RecordContent = false };
        var shortened = new GenAiRecordingOptions { MaxTextBytes = 10 };
        foreach (var options in new[] { without, shortened })
        {
            using var bridge = Listen(recording, options);
            using var chat = _library.StartActivity("chat m")!;
            chat.SetTag("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"secret"}]}]""")
                .SetTag("gen_ai.output.messages", "[1,{\"parts\":[7]}]").SetTag("gen_ai.response.finish_reasons", new[] { "length" });
        }

        await recording.FlushAsync();

        Assert.IsFalse(recording.Messages.Any(message => message.ToString().Contains("secret", StringComparison.Ordinal)));
        Assert.HasCount(1, recording.Events.Where(told => told.Attributes.ContainsKey("gen_ai.input.messages_bytes_left_out")));
        Assert.IsTrue(recording.Messages.Where(message => message.TokenChunk is not null).All(message => message.TokenChunk.FinishReason == TokenChunk.Types.FinishReason.Length));
    }

    [TestMethod]
    public async Task Nothing_about_a_span_throws_into_the_library_that_made_it()
    {
        await using var recording = await RunFixture.OpenAsync(new() { MaxPendingMessages = 16, ThrowOnLoss = true });
        var gate = recording.Block();
        using var bridge = Listen(recording);

        for (var i = 0; i < 50; i++)
        {
            using var chat = _library.StartActivity("chat m")!;
            chat.SetTag("gen_ai.request.odd", new Odd()).SetTag("gen_ai.output.messages", "{broken");
        }

        await recording.Runs.StopAsync(TimeSpan.Zero);
        _library.StartActivity("chat m")!.Dispose();
        gate.SetResult(default);

        Assert.IsGreaterThan(50, recording.Runs.Counts.Total.Dropped);
    }

    [TestMethod]
    [DataRow("strands-otel_genai_convention_spans.json")]
    [DataRow("strands-pydantic_ai_live_spans.json")]
    [DataRow("strands-openai_agents_genai_live_spans.json")]
    public async Task Spans_of_other_libraries_keep_their_calls_tokens_and_tools(string file)
    {
        var spans = JsonDocument.Parse(await File.ReadAllBytesAsync(GoldenData.Shared("genai", "otlp", file))).RootElement.EnumerateArray().ToList();
        await using var recording = await RunFixture.OpenAsync();
        using (Listen(recording))
        {
            var ids = spans.Select(span => span.GetProperty("span_id").GetString()).ToHashSet();
            Replay(spans, spans.Where(span => !ids.Contains(span.GetProperty("parent_span_id").GetString())));
        }

        await recording.FlushAsync();

        var calls = spans.Where(span => Tag(span, "gen_ai.operation.name") == "chat").ToList();
        var tokens = calls.Sum(call => long.Parse(Tag(call, "gen_ai.usage.input_tokens")!, null) + long.Parse(Tag(call, "gen_ai.usage.output_tokens")!, null));
        Assert.HasCount(calls.Count, recording.Events.Where(told => told.EventType == EventType.LlmEnd));
        Assert.AreEqual(tokens, recording.Messages.Sum(message => message.TokenChunk?.Stats?.TotalTokens ?? 0L));
        var tools = recording.Messages.Where(message => message.ToolExecution is not null).Select(message => message.ToolExecution).ToLookup(tool => tool.Stage);
        var executed = spans.Count(span => Tag(span, "gen_ai.operation.name") == "execute_tool");
        Assert.HasCount(executed, tools[ExecutionStage.Started]);
        Assert.AreEqual(executed, tools[ExecutionStage.Completed].Count() + tools[ExecutionStage.Failed].Count());
        CollectionAssert.AreEquivalent(tools[ExecutionStage.Started].Select(tool => tool.CallId).ToList(), tools[ExecutionStage.Requested].Select(tool => tool.CallId).ToList());
        Assert.HasCount(1, recording.Messages.Select(message => MessageParts.HeaderOf(message)!.ThreadId).Distinct());
        Assert.AreEqual(0, recording.Runs.Counts.Total.Failed);
    }

    [TestMethod]
    public async Task One_line_of_registration_records_what_Microsoft_Extensions_AI_tells()
    {
        using var host = Host.CreateDefaultBuilder().ConfigureServices(services => services.AddDashStream().UseMemory().AddGenAiRecording("runs")).Build();
        using var library = new ActivitySource("Experimental.Microsoft.Extensions.AI");
        await host.StartAsync();

        var chat = library.StartActivity("chat m")!;
        chat.SetTag("gen_ai.conversation.id", "one-line").Dispose();
        var counts = await host.Services.GetRequiredService<DashStreamRuns>().FlushAsync(RunFixture.Patience);
        await host.StopAsync();

        Assert.AreEqual(2, counts.Total.Stored);
    }

    private GenAiRecording Listen(RunFixture recording, GenAiRecordingOptions? options = null)
    {
        options ??= new GenAiRecordingOptions();
        options.Sources.Clear();
        options.Sources.Add(_library.Name.ToUpperInvariant()[..^1] + "*");
        return new GenAiRecording(recording.Runs, options);
    }

    private void Replay(List<JsonElement> all, IEnumerable<JsonElement> spans)
    {
        foreach (var span in spans.OrderBy(span => span.GetProperty("start_time").GetInt64()))
        {
            using var activity = _library.StartActivity(span.GetProperty("name").GetString()!)!;
            foreach (var tag in span.GetProperty("attributes").EnumerateObject())
            {
                activity.SetTag(tag.Name, ValueOf(tag.Value));
            }

            var id = span.GetProperty("span_id").GetString();
            Replay(all, all.Where(child => child.GetProperty("parent_span_id").GetString() == id));
            foreach (var happening in span.GetProperty("span_events").EnumerateArray())
            {
                var tags = happening.GetProperty("attributes").EnumerateObject().Select(tag => KeyValuePair.Create(tag.Name, ValueOf(tag.Value)));
                activity.AddEvent(new ActivityEvent(happening.GetProperty("event_name").GetString()!, tags: [.. tags]));
            }
        }
    }

    private static object? ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt64(out var number) ? number : value.GetDouble(),
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => value.EnumerateArray().Select(item => item.GetString()).ToArray(),
        _ => value.GetRawText(),
    };

    private static string? Tag(JsonElement span, string name) => span.GetProperty("attributes").TryGetProperty(name, out var value) ? value.ToString() : null;

    private sealed class Odd
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }
}
