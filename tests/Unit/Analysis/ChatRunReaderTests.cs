using System.Text;
using DashStream.Analysis;

namespace DashStream.Tests.Analysis;

[TestClass]
public sealed class ChatRunReaderTests
{
    private const string Run = """{"task_id": 7, "trial": 2, "reward": 1.0, "traj": [{"role": "user", "content": "hi"}]}""";

    [TestMethod]
    public async Task An_array_of_runs_is_read()
    {
        var runs = await RunsOf($"[{Run}, {Run}]");

        Assert.HasCount(2, runs);
        Assert.AreEqual(("7", "2", 1.0, true), (runs[1].TaskId, runs[1].Trial, runs[1].Reward, runs[1].Success));
        Assert.AreEqual("hi", runs[0].Messages[0].Text);
    }

    [TestMethod]
    [DataRow("[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]", DisplayName = "array of messages")]
    [DataRow("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}", DisplayName = "object")]
    [DataRow("{\n \"messages\": [\n {\"role\":\"user\",\"content\":\"a\"},\n{\"role\":\"assistant\",\"content\":\"b\"}]\n}\n", DisplayName = "object over lines")]
    [DataRow("\uFEFF  \n{\"messages\":[{\"role\":\"developer\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}", DisplayName = "byte order mark")]
    [DataRow("[[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]]", DisplayName = "array of arrays")]
    public async Task Other_forms_of_one_run_are_read(string json)
    {
        var runs = await RunsOf(json);

        Assert.HasCount(1, runs);
        Assert.AreEqual("a b", string.Join(' ', runs[0].Messages.Select(m => m.Text)));
    }

    [TestMethod]
    public async Task JSON_Lines_go_on_behind_a_bad_line_and_a_torn_end()
    {
        var items = await Read($"{Run}\n\nnonsense\r\n{Run}\r\n{Run[..30]}");

        Assert.HasCount(4, items);
        Assert.IsNotNull(items[0].Run);
        Assert.Contains("line 3 is not valid JSON", items[1].Fault!.Message);
        Assert.IsNotNull(items[2].Run);
        Assert.Contains("line 5 is torn", items[3].Fault!.Message);
        Assert.AreEqual(4, items[3].Fault!.Run);
    }

    [TestMethod]
    [DataRow("""{"traj": 5}""", "traj", "Number")]
    [DataRow("""{"traj": []}""", "traj", "is empty")]
    [DataRow("""{"x": 1}""", null, "none of the members")]
    [DataRow("""{"traj": [{"content": "x"}]}""", "traj[0]", "no role")]
    [DataRow("""{"traj": [{"role": "robot"}]}""", "traj[0].role", "'robot'")]
    [DataRow("""{"traj": [{"role": 5}]}""", "traj[0].role", "text")]
    [DataRow("""{"traj": [{"role": "user", "content": 5}]}""", "traj[0].content", "number")]
    [DataRow("""{"traj": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {}}]}]}""", "traj[0].tool_calls[0].function", "no name")]
    [DataRow("""{"traj": [{"role": "user", "content": "\ud800"}]}""", "traj[0]", "Unicode")]
    [DataRow("""{"reward": "x", "traj": [{"role": "user"}]}""", "reward", "number")]
    [DataRow("""{"traj": [{"role": "user", "timestamp": "tomorrow"}]}""", "traj[0].timestamp", "no time")]
    [DataRow("5", null, "is of kind")]
    public async Task A_bad_run_names_file_run_and_member_and_the_others_are_read(string bad, string? member, string fault)
    {
        var items = await Read($"[{Run}, {bad}, {Run}]");

        Assert.HasCount(3, items);
        Assert.IsNotNull(items[2].Run);
        Assert.AreEqual(("runs.json", 2L, member), (items[1].Fault!.File, items[1].Fault!.Run, items[1].Fault!.Member));
        Assert.Contains(fault, items[1].Fault!.Message);
    }

    [TestMethod]
    [DataRow("", "nothing in it")]
    [DataRow("  \n ", "nothing in it")]
    [DataRow("hello", "byte 0x68")]
    public async Task What_is_no_JSON_is_refused(string text, string fault) =>
        Assert.Contains(fault, (await Assert.ThrowsExactlyAsync<ImportException>(() => Read(text))).Message);

    [TestMethod]
    public async Task A_torn_array_gives_its_whole_runs_then_an_error()
    {
        var seen = 0;

        var error = await Assert.ThrowsExactlyAsync<ImportException>(async () =>
        {
            await foreach (var item in ReadItems($"[{Run}, {Run}, {{\"traj\": [{{\"role\""))
            {
                seen += item.Run is null ? 0 : 1;
            }
        });

        Assert.AreEqual(2, seen);
        Assert.AreEqual(3, error.Run);
    }

    [TestMethod]
    public async Task A_missing_file_is_a_typed_error() =>
        await Assert.ThrowsExactlyAsync<ImportException>(async () => await ChatRunReader.ReadFileAsync("/no/such/file.json").ToListAsync());

    [TestMethod]
    public async Task The_recorded_runs_are_read_to_the_last()
    {
        var runs = await ChatRunReader.ReadFileAsync(GoldenData.Shared("agent-runs", "airline-gpt-4o.json")).ToListAsync();

        Assert.HasCount(100, runs);
        Assert.IsTrue(runs.All(item => item.Run is not null));
        Assert.AreEqual(49, runs.Count(item => item.Run!.Success == true));
    }

    private static async Task<List<ChatRun>> RunsOf(string text) => (await Read(text)).ConvertAll(item => item.Run!);

    private static Task<List<ChatRunItem>> Read(string text) => ReadItems(text).ToListAsync().AsTask();

    private static IAsyncEnumerable<ChatRunItem> ReadItems(string text) =>
        ChatRunReader.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), "runs.json");
}
