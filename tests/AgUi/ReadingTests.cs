using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.Tests;

namespace DashStream.AgUi.Tests;

[TestClass]
public sealed class ReadingTests
{
    [TestMethod]
    public void Fields_are_found_under_either_spelling_and_unknown_ones_are_kept()
    {
        var item = AgUiEvent.Parse("""{"type":"TOOL_CALL_START","tool_call_id":"c","toolCallName":"find","_offset_ms":1.0,"timestamp":1770389239}"""u8.ToArray());

        Assert.AreEqual(AgUiEventType.ToolCallStart, item.Type);
        Assert.AreEqual("c", item.ToolCallId);
        Assert.AreEqual(1770389239, item.Timestamp);
        Assert.IsTrue(item.TryGet("_offset_ms", out var offset));
        Assert.AreEqual("1.0", Encoding.UTF8.GetString(offset.Span));
        Assert.AreEqual(
            """{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"find","_offset_ms":1.0,"timestamp":1770389239}""", Encoding.UTF8.GetString(item.ToWire()));
    }

    [TestMethod]
    public void Unknown_kinds_are_read()
    {
        var item = AgUiEvent.Parse("""{"type":"AGUI_PING","n":1}"""u8.ToArray());

        Assert.AreEqual(AgUiEventType.Unknown, item.Type);
        Assert.AreEqual("AGUI_PING", item.TypeName);
    }

    [TestMethod]
    [DataRow("not json", AgUiRule.NotJson, StreamErrorKind.Corrupt)]
    [DataRow("[1]", AgUiRule.NotJson, StreamErrorKind.Corrupt)]
    [DataRow("""{"type":"RAW","event":1}{}""", AgUiRule.NotJson, StreamErrorKind.Corrupt)]
    [DataRow("""{"type":"RAW","event":""", AgUiRule.NotJson, StreamErrorKind.Corrupt)]
    [DataRow("""{"type":"RAW","event":"\ud800"}""", AgUiRule.NotJson, StreamErrorKind.Corrupt)]
    [DataRow("""{"threadId":"t"}""", AgUiRule.Schema, StreamErrorKind.Corrupt)]
    [DataRow("""{"type":7}""", AgUiRule.Schema, StreamErrorKind.Corrupt)]
    [DataRow("""{"type":"RAW","toolCallId":"a","tool_call_id":"b"}""", AgUiRule.Schema, StreamErrorKind.Corrupt)]
    public void What_is_no_event_is_refused_with_its_place(string json, AgUiRule rule, StreamErrorKind kind)
    {
        var error = Assert.ThrowsExactly<AgUiException>(() => AgUiEvent.Parse(Encoding.UTF8.GetBytes(json), index: 4));

        Assert.AreEqual((rule, kind, 4L), (error.Rule, error.Kind, error.EventIndex));
        StringAssert.Contains(error.Message, "Event 4");
    }

    [TestMethod]
    public void Limits_hold_while_reading()
    {
        var deep = Encoding.UTF8.GetBytes($$"""{"type":"RAW","event":{{new string('[', 200)}}{{new string(']', 200)}}}""");

        Assert.ThrowsExactly<AgUiException>(() => AgUiEvent.Parse(deep));
        Assert.AreEqual(
            StreamErrorKind.TooLarge, Assert.ThrowsExactly<AgUiException>(() => AgUiEvent.Parse(deep, new AgUiReaderOptions { MaxDepth = 300, MaxEventBytes = 100 })).Kind);
        Assert.AreEqual(AgUiEventType.Raw, AgUiEvent.Parse(deep, new AgUiReaderOptions { MaxDepth = 300 }).Type);
    }

    [TestMethod]
    public void Server_sent_events_are_read_with_comments_ids_and_split_data()
    {
        var text = Recordings.Lines(
            ": ping", "", "id: 0@1", "event: message", "retry: 10", """data: {"type":"STATE_SNAPSHOT",""", """data: "snapshot":{"n":1}}""", "", "data:", "", """data:{"type":"THINKING_END"}""");

        var read = AgUiReader.Read(text).ToList();

        CollectionAssert.AreEqual(new[] { AgUiEventType.StateSnapshot, AgUiEventType.ThinkingEnd }, read.Select(item => item.Type).ToArray());
        Assert.IsTrue(read[0].TryGet("snapshot", out var snapshot));
        Assert.AreEqual("""{"n":1}""", Encoding.UTF8.GetString(snapshot.Span));
    }

    [TestMethod]
    public async Task Streams_are_read_alike_in_memory_and_as_they_come()
    {
        foreach (var file in Recordings.All())
        {
            var whole = AgUiReader.Read(await File.ReadAllBytesAsync(file)).ToList();
            await using var stream = File.OpenRead(file);
            var coming = new List<AgUiEvent>();
            await foreach (var item in AgUiReader.ReadAsync(stream))
            {
                coming.Add(item);
            }

            Assert.IsNotEmpty(whole, file);
            CollectionAssert.AreEqual(whole.Select(item => item.TypeName).ToArray(), coming.Select(item => item.TypeName).ToArray(), file);
        }
    }

    [TestMethod]
    public void Malformed_events_of_a_stream_can_be_passed_over()
    {
        var faults = new List<AgUiException>();
        var options = new AgUiReaderOptions
        {
            SkipMalformed = e =>
            {
                faults.Add(e);
                return true;
            },
        };

        var read = AgUiReader.Read(File.ReadAllBytes(GoldenData.Shared("genai", "agui", "agui-dart-sse_streams.txt")), options).ToList();

        Assert.HasCount(2, faults);
        Assert.Contains(item => item.Delta == "Hello 你好 🌟 €", read);
        Assert.Contains(item => item.TypeName == "UNKNOWN_EVENT_TYPE", read);
    }

    [TestMethod]
    public void Writing_leaves_out_what_has_no_value_and_keeps_nulls_that_say_something()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(GoldenData.Shared("genai", "agui", "agui-null-omission.json")));
        foreach (var one in cases.RootElement.GetProperty("stream").EnumerateArray())
        {
            var written = AgUiEvent.Parse(Encoding.UTF8.GetBytes(one.GetProperty("input").GetRawText())).ToWire();

            var expected = JsonNode.Parse(one.GetProperty("expected").GetRawText());
            Assert.IsTrue(JsonNode.DeepEquals(expected, JsonNode.Parse(written)), $"{one.GetProperty("name")}: {Encoding.UTF8.GetString(written)}");
        }
    }

    [TestMethod]
    public void Nulls_of_optional_fields_are_left_out_at_any_depth_of_the_protocol()
    {
        var item = AgUiEvent.Parse("""
            {"type":"RUN_FINISHED","threadId":"t","runId":"r","result":null,"outcome":{"type":"interrupt","interrupts":[{"id":"i","reason":"ask","message":null,"metadata":{"k":null}}]}}
            """u8.ToArray());

        Assert.AreEqual(
            """{"type":"RUN_FINISHED","threadId":"t","runId":"r","outcome":{"type":"interrupt","interrupts":[{"id":"i","reason":"ask","metadata":{"k":null}}]}}""",
            Encoding.UTF8.GetString(item.ToWire()));
    }

    [TestMethod]
    public void Events_are_made_and_changed()
    {
        var item = AgUiEvent.Create(AgUiEventType.TextMessageStart, ("messageId", "m\"1"), ("role", null)).With("metadata", """{"a":1}"""u8.ToArray());

        Assert.AreEqual("""{"type":"TEXT_MESSAGE_START","messageId":"m\"1","metadata":{"a":1}}""", Encoding.UTF8.GetString(item.ToWire()));
        Assert.IsFalse(item.With("metadata", null).TryGet("metadata", out _));
        Assert.ThrowsExactly<AgUiException>(() => item.With("metadata", "1,\"x\":2"u8.ToArray()));
    }
}
