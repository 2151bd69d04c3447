using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.Analysis;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Analysis;

[TestClass]
public sealed class MessageJsonTests
{
    private static readonly MessageCodec Codec = new(new MessageCodecOptions { Decoding = FrameDecoding.Compatible, RequireHeader = false });

    [TestMethod]
    public void Members_are_those_of_the_original_tool_for_the_trimmed_topic() =>
        AssertSame(GoldenData.Trimmed("golden", "parse", "topic.jsonl"), GoldenData.Trimmed("golden", "parse", "parsed.jsonl"));

    [TestMethod]
    public void Members_are_those_of_the_original_tool_for_the_whole_partition() =>
        AssertSame(GoldenData.Shared("golden", "kafka-topic.jsonl"), GoldenData.Shared("golden", "tools", "parsed-partition-0.jsonl"));

    [TestMethod]
    [DataRow(EventType.NodeProgress, "NODE_PROGRESS")]
    [DataRow(EventType.NodeWarning, "NODE_WARNING")]
    [DataRow(EventType.OptimizationStart, "OPTIMIZATION_START")]
    [DataRow(EventType.OptimizationEnd, "OPTIMIZATION_END")]
    [DataRow((EventType)777, "UNKNOWN(777)")]
    public void Every_event_type_of_the_schema_has_its_name(EventType type, string name)
    {
        var json = Parse(new DashStreamMessage { Event = new Event { EventType = type } });

        Assert.AreEqual(name, (string?)json["event_type"]);
        Assert.IsNull(json["header"]);
    }

    [TestMethod]
    public void A_batch_shows_its_events()
    {
        var batch = new EventBatch { Events = { new Event { NodeId = "a" }, new Event { NodeId = "b" } } };

        var json = Parse(new DashStreamMessage { EventBatch = batch });

        Assert.AreEqual(2, (int)json["event_count"]!);
        Assert.AreEqual("b", (string?)json["events"]![1]!["node_id"]);
    }

    [TestMethod]
    public void Results_over_several_lines_stay_in_one_line()
    {
        var tool = new ToolExecution { Result = ByteString.CopyFromUtf8("{\n \"a\": [1,\n 2]\n}"), Arguments = ByteString.CopyFrom(0xFF, 0x00) };

        var text = MessageJson.ToText(new DashStreamMessage { ToolExecution = tool });

        Assert.DoesNotContain("\n", text);
        Assert.AreEqual(2, (int)JsonNode.Parse(text)!["result"]!["a"]![1]!);
        Assert.AreEqual("ff00", (string?)JsonNode.Parse(text)!["arguments"]);
    }

    [TestMethod]
    public void Half_a_surrogate_pair_in_a_result_is_shown_as_hex()
    {
        var tool = new ToolExecution { Result = ByteString.CopyFromUtf8("\"\\ud800\"") };

        Assert.AreEqual("225c756438303022", (string?)Parse(new DashStreamMessage { ToolExecution = tool })["result"]);
    }

    [TestMethod]
    public void Numbers_that_JSON_cannot_hold_are_null()
    {
        var metrics = new Metrics();
        metrics.Metrics_["x"] = new MetricValue { FloatValue = double.PositiveInfinity };

        Assert.IsNull(Parse(new DashStreamMessage { Metrics = metrics })["metrics"]!["x"]);
    }

    [TestMethod]
    public void Every_golden_message_can_be_written()
    {
        foreach (var line in GoldenData.JsonLines(GoldenData.Trimmed("golden", "messages.jsonl")))
        {
            var message = Codec.DecodeRaw(Convert.FromHexString(line.GetProperty("raw").GetString()!));

            Assert.IsNotNull(JsonNode.Parse(MessageJson.ToText(message)));
            Assert.DoesNotContain("\n", TimelineText.Line(message));
        }
    }

    private static void AssertSame(string topicFile, string parsedFile)
    {
        var records = GoldenData.JsonLines(topicFile).Where(line => line.GetProperty("partition").GetInt32() == 0);
        var count = 0;
        foreach (var (record, expected) in records.Zip(GoldenData.JsonLines(parsedFile)))
        {
            var message = Codec.Decode(Convert.FromHexString(record.GetProperty("value_hex").GetString()!));
            var actual = JsonDocument.Parse(MessageJson.ToText(message)).RootElement;
            Assert.IsTrue(SameJson(expected, actual), $"line {count + 1}: expected {expected}, was {actual}");
            count++;
        }

        Assert.AreEqual(GoldenData.JsonLines(parsedFile).Count(), count);
    }

    // Numbers are compared by value: 90 and 90.0 are the same duration.
    private static bool SameJson(JsonElement a, JsonElement b) => (a.ValueKind, b.ValueKind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => a.GetDouble().Equals(b.GetDouble()),
        (JsonValueKind.Object, JsonValueKind.Object) => a.EnumerateObject().Count() == b.EnumerateObject().Count()
            && a.EnumerateObject().All(member => b.TryGetProperty(member.Name, out var other) && SameJson(member.Value, other)),
        (JsonValueKind.Array, JsonValueKind.Array) => a.GetArrayLength() == b.GetArrayLength()
            && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => SameJson(pair.First, pair.Second)),
        _ => JsonElement.DeepEquals(a, b),
    };

    private static JsonNode Parse(DashStreamMessage message) => JsonNode.Parse(MessageJson.ToText(message))!;
}
