using System.Text;
using DashStream.Cli;
using DashStream.Protocol;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class DlqCommandTests
{
    private const string Store = "memory:";
    private const string Letters = "runs.dlq";

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-dlq-").FullName;
    private readonly ToolSession _tool = new();

    [TestInitialize]
    public Task Fill() => FillAsync(Store);

    [TestCleanup]
    public async Task Delete()
    {
        await _tool.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    public async Task Letters_are_listed_filtered_and_paged()
    {
        var all = await RunAsync("list", "--format", "jsonl");
        var some = await RunAsync("list", "--format", "jsonl", "--stage", "handler", "--thread", "thread-2", "--reason", "BOOM");
        var page = await RunAsync("list", "--format", "jsonl", "--limit", "2", "--after", all.Objects[1].GetProperty("position").GetString()!);
        var none = await RunAsync("list", "--format", "jsonl", "--since", "2099-01-01T00:00:00Z");

        Assert.AreEqual((ExitCodes.Ok, 5), (all.Code, all.Objects.Count), all.Err);
        Assert.AreEqual("thread-2", some.Objects.Single().GetProperty("thread_id").GetString());
        CollectionAssert.AreEqual(new[] { "thread-2", "thread-3" }, page.Objects.Select(letter => letter.GetProperty("thread_id").GetString()).ToArray());
        Assert.Contains("--after", page.Err);
        Assert.IsEmpty(none.Objects);
    }

    [TestMethod]
    public async Task Tables_and_totals_show_no_control_characters()
    {
        var table = await RunAsync("list");
        var totals = await RunAsync("list", "--totals");
        var numbers = await RunAsync("list", "--totals", "--format", "jsonl");

        Assert.Contains("boom 3 \\u001b", table.Out);
        Assert.DoesNotContain("\e", table.Out);
        Assert.Contains("processing_error", totals.Out);
        Assert.AreEqual((5, 4), (numbers.Objects[0].GetProperty("letters").GetInt32(), numbers.Objects[0].GetProperty("by_stage").GetProperty("handler").GetInt32()));
    }

    [TestMethod]
    public async Task A_letter_is_shown_decoded_or_as_bytes()
    {
        var ids = await IdsAsync();
        var file = Path.Combine(_folder, "payload");

        var text = await RunAsync("show", ids[1]);
        var bytes = await RunAsync("show", ids[4], "--payload", file);
        var json = await RunAsync("show", ids[1], "--format", "json");

        Assert.Contains("text 1", text.Out);
        Assert.Contains("boom 1", text.Out);
        Assert.Contains("no message", bytes.Out);
        Assert.AreEqual("no message", File.ReadAllText(file));
        Assert.AreEqual("text 1", json.Objects[0].GetProperty("message").GetProperty("text").GetString());
        Assert.AreEqual("thread-1", json.Objects[0].GetProperty("key").GetString());
    }

    [TestMethod]
    public async Task A_message_is_edited_and_sent_again_once()
    {
        var id = (await IdsAsync())[1];
        var file = Path.Combine(_folder, "message.json");
        File.WriteAllText(file, (await RunAsync("show", id, "--format", "message")).Out.Replace("text 1", "mended", StringComparison.Ordinal));

        var edit = await RunAsync("edit", id, "--message", file, "--set-header", "mended-by=me");
        var dry = await RunAsync("replay", "--dry-run", "--format", "jsonl");
        var first = await RunAsync("replay", "--id", id, "--rate", "1000", "--format", "jsonl");
        var second = await RunAsync("replay", "--id", id);

        Assert.AreEqual(ExitCodes.Ok, edit.Code, edit.Err);
        Assert.AreEqual(5, dry.Objects.Count(item => item.GetProperty("status").GetString() == "would-replay"), dry.Out);
        Assert.AreEqual("replayed", first.Objects.Single().GetProperty("status").GetString(), first.Err);
        Assert.Contains("already-replayed", second.Out);
        var parsed = await _tool.RunAsync("parse", Store, "--topic", "runs", "--format", "jsonl");
        Assert.AreEqual("mended", parsed.Objects.Single().GetProperty("text").GetString());
        Assert.AreEqual(7, parsed.Objects.Single().GetProperty("header").GetProperty("sequence").GetInt32());
        Assert.HasCount(5, (await RunAsync("list", "--format", "jsonl")).Objects);
    }

    [TestMethod]
    public async Task Bytes_that_are_no_message_are_mended_and_sent_to_another_topic()
    {
        var id = (await IdsAsync())[4];
        var file = Path.Combine(_folder, "payload");
        File.WriteAllText(file, "mended bytes");
        await using (var store = _tool.Open(Store))
        {
            await store.Provider.Admin.CreateTopicAsync(new TopicSpec("mended"));
        }

        await RunAsync("edit", id, "--payload", file, "--key", "other");
        var replay = await RunAsync("replay", "--stage", "decode", "--to-topic", "mended");

        Assert.AreEqual(ExitCodes.Ok, replay.Code, replay.Err);
        await using var lease = _tool.Open(Store);
        await using var consumer = await lease.Provider.OpenConsumerAsync("mended", new StreamConsumerOptions());
        var record = (await consumer.ReadAsync(TimeSpan.FromSeconds(10))).Records.Single();
        Assert.AreEqual(("other", "mended bytes"), (Encoding.UTF8.GetString(record.Key.Span), Encoding.UTF8.GetString(record.Value!.Value.Span)));
    }

    [TestMethod]
    public async Task A_target_that_does_not_exist_refuses_each_and_says_so()
    {
        var replay = await RunAsync("replay", "--thread", "thread-1", "--to-topic", "nowhere");

        Assert.AreEqual(ExitCodes.Incomplete, replay.Code);
        Assert.Contains("refused", replay.Out);
    }

    [TestMethod]
    public async Task Letters_are_removed_by_choice_or_all()
    {
        var unsaid = await RunAsync("purge");
        var dry = await RunAsync("purge", "--thread", "thread-1", "--dry-run");
        var one = await RunAsync("purge", "--thread", "thread-1");
        var left = await RunAsync("list", "--format", "jsonl");
        var all = await RunAsync("purge", "--all");

        Assert.AreEqual(ExitCodes.Usage, unsaid.Code);
        Assert.Contains("1 dead letters would be removed", dry.Err);
        Assert.AreEqual(ExitCodes.Ok, one.Code, one.Err);
        CollectionAssert.AreEquivalent(new[] { "thread-0", "thread-2", "thread-3", "thread-9" }, left.Objects.Select(letter => letter.GetProperty("thread_id").GetString()).ToArray());
        Assert.Contains("4 dead letters removed", all.Err);
        Assert.IsEmpty((await RunAsync("list", "--format", "jsonl")).Objects);
    }

    [TestMethod]
    [DataRow("show", "no-such-letter")]
    [DataRow("edit", "no-such-letter", "--key", "k")]
    public async Task A_letter_that_is_not_there_is_named(params string[] args)
    {
        var result = await RunAsync(args);

        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.Contains("no-such-letter", result.Err);
    }

    [TestMethod]
    [DataRow("list", "--stage", "elsewhere")]
    [DataRow("list", "--since", "soon")]
    [DataRow("list", "--after", "here")]
    [DataRow("replay", "--rate", "0")]
    [DataRow("replay", "--max-replays", "0")]
    [DataRow("edit", "id")]
    [DataRow("edit", "id", "--set-header", "nothing")]
    [DataRow("purge", "--all", "--thread", "t")]
    public async Task Wrong_options_are_refused(params string[] args) => Assert.AreEqual(ExitCodes.Usage, (await RunAsync(args)).Code);

    [TestMethod]
    [DataRow("file:FOLDER/store")]
    [DataRow("sqlite:FOLDER/store.db")]
    public async Task Stores_on_the_disk_are_looked_through_replayed_and_emptied(string uri)
    {
        var store = uri.Replace("FOLDER", _folder, StringComparison.Ordinal);
        await FillAsync(store);
        string[] at = ["--from", store, "--topic", Letters];

        var replay = await _tool.RunAsync(["dlq", "replay", "--stage", "handler", .. at]);
        var again = await _tool.RunAsync(["dlq", "replay", "--format", "jsonl", .. at]);
        var purge = await _tool.RunAsync(["dlq", "purge", "--stage", "handler", .. at]);
        var left = await _tool.RunAsync(["dlq", "list", "--format", "jsonl", .. at]);

        Assert.AreEqual(ExitCodes.Ok, replay.Code, replay.Err);
        Assert.Contains("4 replayed", replay.Err);
        Assert.AreEqual(4, again.Objects.Count(item => item.GetProperty("status").GetString() == "already-replayed"), again.Out);
        Assert.Contains("4 dead letters removed", purge.Err);
        Assert.AreEqual("thread-9", left.Objects.Single().GetProperty("thread_id").GetString());
        var parsed = await _tool.RunAsync("parse", store, "--topic", "runs", "--format", "jsonl");
        Assert.HasCount(4, parsed.Objects);
    }

    private static StreamRecord Record(DashStreamMessage message, string key)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        new MessageCodec().Encode(message, buffer);
        return new StreamRecord(Encoding.UTF8.GetBytes(key), buffer.WrittenMemory, [new("ds-producer", "p1")], 5);
    }

    private Task<ToolResult> RunAsync(params string[] args) => _tool.RunAsync(["dlq", .. args, "--from", Store, "--topic", Letters]);

    private async Task<string[]> IdsAsync() => [.. (await RunAsync("list", "--format", "jsonl")).Objects.Select(letter => letter.GetProperty("id").GetString()!)];

    private async Task FillAsync(string uri)
    {
        await using var store = _tool.Open(uri);
        await store.Provider.Admin.CreateTopicAsync(new TopicSpec("runs"));
        await using var sink = new ProviderDeadLetterSink(store.Provider);
        for (var i = 0; i < 4; i++)
        {
            DashStreamMessage message = new TokenChunk { Header = new Header { ThreadId = $"thread-{i}", TenantId = "acme", Sequence = 7 }, Text = $"text {i}" };
            await sink.StoreAsync(new DeadLetter
            {
                Stage = DeadLetterStage.Handler,
                SourceTopic = "runs",
                Record = Record(message, $"thread-{i}"),
                Error = new InvalidOperationException($"boom {i} \e[2J"),
                Attempts = 3,
                ClientId = "workers",
                Message = message,
            });
        }

        await sink.StoreAsync(new DeadLetter
        {
            Stage = DeadLetterStage.Decode,
            SourceTopic = "runs",
            Record = new StreamRecord("thread-9"u8.ToArray(), "no message"u8.ToArray(), null, 5, new StreamPosition(0, 3)),
            Error = new InvalidOperationException("unreadable bytes"),
            Attempts = 1,
            ClientId = "workers",
        });
    }
}
