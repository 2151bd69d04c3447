using System.Text;
using DashStream.Analysis;
using DashStream.Protocol;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Tests.Analysis;

[TestClass]
public sealed class ChatRunConverterTests
{
    private const string Run = """
        {"task_id": 7, "trial": 0, "reward": 0.5, "traj": [
          {"role": "system", "content": "be kind"},
          {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"a\":1}"}}]},
          {"role": "tool", "tool_call_id": "c1", "content": "Error: nothing there"},
          {"role": "assistant", "content": "no", "tool_calls": [{"id": "c2", "function": {"name": "look", "arguments": "not json"}}]},
          {"role": "tool", "tool_call_id": "c2", "content": "plain words"}]}
        """;

    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [TestMethod]
    public async Task A_run_becomes_graph_node_model_tool_and_state_messages_in_order()
    {
        var kinds = (await Convert(Run)).Select(Kind);

        string[] expected =
        [
            "GraphStart", "NodeStart system", "StateDiff", "NodeEnd system",
            "NodeStart assistant", "LlmStart assistant", "LlmEnd assistant", "look Requested", "StateDiff", "NodeEnd assistant",
            "NodeStart tool", "look Failed", "StateDiff", "NodeEnd tool",
            "NodeStart assistant", "LlmStart assistant", "TokenChunk", "LlmEnd assistant", "look Requested", "StateDiff", "NodeEnd assistant",
            "NodeStart tool", "look Completed", "StateDiff", "NodeEnd tool", "Metrics", "GraphEnd",
        ];
        CollectionAssert.AreEqual(expected, kinds.ToArray());
    }

    [TestMethod]
    public async Task Arguments_and_results_are_JSON_and_errors_are_text()
    {
        var tools = (await Convert(Run)).Where(m => m.ToolExecution is not null).Select(m => m.ToolExecution).ToList();

        Assert.AreEqual("{\"a\":1}", tools[0].Arguments.ToStringUtf8());
        Assert.AreEqual(("Error: nothing there", true), (tools[1].Error, tools[1].Result.IsEmpty));
        Assert.AreEqual("\"not json\"", tools[2].Arguments.ToStringUtf8());
        Assert.AreEqual("\"plain words\"", tools[3].Result.ToStringUtf8());
    }

    [TestMethod]
    public async Task Nothing_is_invented_as_measured()
    {
        var messages = await Convert(Run);

        Assert.AreEqual("import", messages[0].Event.Attributes["time_source"].StringValue);
        Assert.IsTrue(messages.All(m => m.Event is null || m.Event.DurationUs == 0));
        Assert.IsTrue(messages.All(m => m.TokenChunk is null || (m.TokenChunk.Stats is null && m.TokenChunk.IsFinal)));
        Assert.IsTrue(messages.All(m => m.StateDiff is null || m.StateDiff.StateHash.IsEmpty));
        var times = messages.Select(m => MessageParts.HeaderOf(m)!.TimestampUs).ToList();
        CollectionAssert.AreEqual(times.Order().Distinct().ToList(), times);
        Assert.AreEqual(Start.ToUnixTimeMilliseconds() * 1000, times[0]);
    }

    [TestMethod]
    public async Task Times_of_the_source_are_kept_when_every_message_has_one()
    {
        var messages = await Convert("""
            {"messages": [{"role": "user", "content": "a", "timestamp": "2024-05-15T15:00:00Z"}, {"role": "assistant", "content": "b", "created": 1715785201.5}]}
            """);

        Assert.AreEqual("source", messages[0].Event.Attributes["time_source"].StringValue);
        Assert.AreEqual(1715785200000000, MessageParts.HeaderOf(messages[0])!.TimestampUs);
        Assert.AreEqual(1715785201500000, MessageParts.HeaderOf(messages[^1])!.TimestampUs);
    }

    [TestMethod]
    public async Task The_state_begins_whole_and_grows_by_appended_messages()
    {
        var diffs = (await Convert(Run)).Where(m => m.StateDiff is not null).Select(m => m.StateDiff).ToList();

        Assert.AreEqual("""{"messages":[{"role":"system","content":"be kind"}]}""", diffs[0].FullState.ToStringUtf8());
        Assert.HasCount(5, diffs);
        Assert.IsTrue(diffs.Skip(1).All(diff => diff.Operations is [{ Path: "/messages/-" }] && diff.FullState.IsEmpty));
    }

    [TestMethod]
    public async Task The_same_run_gives_the_same_ids_and_another_gives_others()
    {
        var first = (await Convert(Run)).Select(Id).ToList();
        var second = (await Convert(Run)).Select(Id).ToList();
        var other = (await Convert(Run.Replace("kind", "good", StringComparison.Ordinal))).Select(Id).ToList();

        CollectionAssert.AreEqual(first, second);
        Assert.IsEmpty(first.Intersect(other));
        Assert.HasCount(first.Count, first.Distinct());
    }

    [TestMethod]
    public async Task Threads_are_named_by_prefix_task_and_trial_and_are_never_shared()
    {
        var runs = await ChatRunReader.ReadAsync(Text($"{Flat(Run)}\n{Flat(Run)}\n{{\"messages\":[{{\"role\":\"user\"}}]}}"), "x").ToListAsync();
        var converter = new ChatRunConverter(new ChatImportOptions { Prefix = "airline" });

        var threads = runs.Select(item => MessageParts.HeaderOf(converter.Convert(item.Run!)[0])!.ThreadId);

        Assert.AreEqual("airline-7-0 airline-7-0#2 airline-3", string.Join(' ', threads));
    }

    [TestMethod]
    [DataRow("Error: no", true)]
    [DataRow("  traceback (most recent call last):\n", true)]
    [DataRow("""{"error": "no"}""", true)]
    [DataRow("""{"error": {"code": 1}}""", true)]
    [DataRow("""{"error": null, "x": 1}""", false)]
    [DataRow("""{"error": ""}""", false)]
    [DataRow("errors are rare", false)]
    [DataRow("", false)]
    public void Error_texts_are_told_from_results(string text, bool isError) => Assert.AreEqual(isError, ToolErrorText.IsError(text));

    private static string Kind(DashStreamMessage message) => message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Event => $"{message.Event.EventType} {message.Event.NodeId}".TrimEnd(),
        DashStreamMessage.MessageOneofCase.ToolExecution => $"{message.ToolExecution.ToolName} {message.ToolExecution.Stage}",
        var other => other.ToString(),
    };

    private static string Id(DashStreamMessage message) => MessageParts.HeaderOf(message)!.MessageId.ToBase64();

    private static string Flat(string json) => json.ReplaceLineEndings(" ");

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    private static async Task<IReadOnlyList<DashStreamMessage>> Convert(string json)
    {
        var item = await ChatRunReader.ReadAsync(Text(Flat(json)), "runs.json").SingleAsync();
        return new ChatRunConverter(new ChatImportOptions { Prefix = "airline", Time = new ManualTime(Start) }).Convert(item.Run!);
    }
}
