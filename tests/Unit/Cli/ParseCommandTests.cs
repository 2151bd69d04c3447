using System.Text;
using System.Text.Json;
using DashStream.Cli;
using DashStream.Cli.Parsing;
using DashStream.Protocol;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class ParseCommandTests
{
    private const int Runs = 4;
    private const int All = Runs * TestRuns.MessagesPerRun;

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-cli-").FullName;
    private readonly ToolSession _tool = new();

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Import() =>
        await _tool.RunAsync("import", TestRuns.Write(_folder, Runs), "--to", "memory:", "--topic", "t", "--prefix", "r", "--partitions", "2");

    [TestCleanup]
    public async Task Delete()
    {
        await _tool.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    public async Task Text_is_one_timeline_a_thread()
    {
        var result = await Parse();

        Assert.AreEqual(ExitCodes.Ok, result.Code);
        var heads = result.Lines.Where(line => line.StartsWith("thread ", StringComparison.Ordinal)).ToList();
        Assert.HasCount(Runs, heads);
        Assert.IsTrue(heads.All(line => line.EndsWith("(22 messages)", StringComparison.Ordinal)));
        Assert.Contains("tool open COMPLETED {\"holds\": \"paper\"}", result.Out);
        Assert.DoesNotContain("\e", result.Out);
        Assert.Contains("88 records read, 88 messages printed", result.Err);
    }

    [TestMethod]
    public async Task Json_is_one_array_and_json_lines_one_object_a_line()
    {
        var array = JsonDocument.Parse((await Parse("--format", "json")).Out).RootElement;
        var lines = (await Parse("--format", "jsonl")).Objects;

        Assert.AreEqual(All, array.GetArrayLength());
        Assert.HasCount(All, lines);
        Assert.IsTrue(array.EnumerateArray().Select(o => o.GetRawText().Length).All(length => length > 0));
        Assert.AreEqual("[]\n", (await Parse("--format", "json", "--thread", "nobody")).Out);
    }

    [TestMethod]
    [DataRow(Runs * 2, "--type", "tool-execution")]
    [DataRow(Runs * 2, "--type", "ToolExecution")]
    [DataRow(Runs, "--type", "GRAPH_START")]
    [DataRow(Runs * 2, "--type", "graph-start", "--type", "graph-end")]
    [DataRow(TestRuns.MessagesPerRun * 2, "--thread", "r-1-0", "--thread", "r-3-0")]
    [DataRow(Runs * 2, "--node", "tool")]
    [DataRow(0, "--until", "2020-01-01")]
    [DataRow(All, "--since", "1h")]
    [DataRow(0, "--since", "2100-01-01T00:00:00Z")]
    [DataRow(5, "--limit", "5")]
    [DataRow(0, "--limit", "0")]
    [DataRow(0, "--from", "end")]
    [DataRow(All, "--from", "beginning")]
    [DataRow(All, "--from", "2h")]
    public async Task Filters_choose_messages(int expected, params string[] filter) =>
        Assert.HasCount(expected, (await Parse(["--format", "jsonl", .. filter])).Lines);

    [TestMethod]
    public async Task Positions_and_partitions_choose_where_to_read()
    {
        var zero = (await Parse("--format", "jsonl", "--partition", "0")).Lines;
        var one = (await Parse("--format", "jsonl", "--partition", "1")).Lines;
        var later = (await Parse("--format", "jsonl", "--from", "0@2", "--from", "1@3")).Lines;
        var single = (await Parse("--format", "jsonl", "--from", "1@3")).Lines;

        Assert.AreEqual(All, zero.Length + one.Length);
        Assert.HasCount(All - 5, later);
        CollectionAssert.AreEqual(one[3..], single);
    }

    [TestMethod]
    [DataRow("no partition 7", "--partition", "7")]
    [DataRow("no partition 9", "--from", "9@0")]
    [DataRow("999999", "--from", "1@999999")]
    public async Task Places_that_are_not_there_are_errors(string text, params string[] args)
    {
        var result = await Parse(args);

        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.Contains("error: ", result.Err);
        Assert.Contains(text, result.Err);
    }

    [TestMethod]
    [DataRow("--from", "0@1", "--from", "beginning")]
    [DataRow("--from", "0@1", "--from", "0@2")]
    [DataRow("--group", "g", "--partition", "0")]
    [DataRow("--group", "g", "--from", "0@1")]
    [DataRow("--group", "a/b")]
    [DataRow("--format", "xml")]
    [DataRow("--type", "3")]
    [DataRow("--since", "soon")]
    [DataRow("--limit", "-1")]
    public async Task Options_that_make_no_sense_are_usage_errors(params string[] args)
    {
        var result = await Parse(args);

        Assert.AreEqual(ExitCodes.Usage, result.Code);
        Assert.Contains("error: ", result.Err);
        Assert.AreEqual("", result.Out);
    }

    [TestMethod]
    [DataRow("redis://secret@localhost:6379", "redis://[USER:PASSWORD@]HOST:PORT")]
    [DataRow("nfs:/x", "known are memory:, file:DIR, sqlite:PATH")]
    [DataRow("file:", "names no place")]
    public async Task A_store_that_cannot_be_says_which_can(string uri, string text)
    {
        var result = await _tool.RunAsync("parse", uri, "--topic", "t");

        Assert.AreEqual(ExitCodes.Usage, result.Code);
        Assert.Contains(text, result.Err);
    }

    [TestMethod]
    public async Task Unreadable_records_are_named_and_the_others_are_printed()
    {
        await using var store = _tool.Open("memory:");
        await using var producer = await store.Provider.OpenProducerAsync("t", TestContext.CancellationToken);
        await producer.SendAsync(new StreamRecord(default, Encoding.UTF8.GetBytes("rubbish")), TestContext.CancellationToken);

        var result = await Parse("--format", "jsonl");

        Assert.AreEqual(ExitCodes.Incomplete, result.Code);
        Assert.HasCount(All, result.Lines);
        Assert.Contains("unreadable: ", result.Err);
        Assert.Contains("1 unreadable", result.Err);
    }

    [TestMethod]
    public async Task Removed_records_cannot_be_asked_for_and_the_rest_is_read()
    {
        await using var store = _tool.Open("memory:");
        await store.Provider.Admin.TrimAsync("t", new StreamPosition(0, 3), TestContext.CancellationToken);

        var rest = await Parse("--format", "jsonl");
        var refused = await Parse("--format", "jsonl", "--from", "0@1");

        Assert.AreEqual(ExitCodes.Ok, rest.Code);
        Assert.HasCount(All - 3, rest.Lines);
        Assert.AreEqual(ExitCodes.Failure, refused.Code);
    }

    [TestMethod]
    public async Task Tail_goes_on_until_it_is_interrupted_and_then_says_what_was_done()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.CancellationToken);
        using var output = new WatchedWriter();
        using var error = new StringWriter();
        await using var stores = new ProviderFactory();
        await using var lease = stores.Open("memory:");
        await lease.Provider.Admin.CreateTopicAsync(new TopicSpec("t", 2), TestContext.CancellationToken);

        var tail = Tool.RunAsync(["parse", "memory:", "--topic", "t", "--tail", "--from", "beginning"], new Terminal(output, error), stores, stop.Token);
        string[] import = ["import", Path.Combine(_folder, "made-up.json"), "--to", "memory:", "--topic", "t"];
        await Tool.RunAsync(import, new Terminal(TextWriter.Null, TextWriter.Null), stores, TestContext.CancellationToken);
        await output.LinesAsync(All).WaitAsync(TimeSpan.FromSeconds(30), TestContext.CancellationToken);
        await stop.CancelAsync();

        Assert.AreEqual(ExitCodes.Interrupted, await tail);
        Assert.Contains("88 messages printed", error.ToString());
    }

    [TestMethod]
    public async Task A_reader_that_closed_the_pipe_is_no_error()
    {
        using var pipe = new OutputStream(new ClosedPipe());
        using var output = new StreamWriter(pipe, leaveOpen: true) { AutoFlush = true };
        using var error = new StringWriter();
        await using var stores = new ProviderFactory();

        var code = await Tool.RunAsync(["topics", "memory:"], new Terminal(output, error), stores, TestContext.CancellationToken);

        Assert.AreEqual((ExitCodes.Ok, ""), (code, error.ToString()));
    }

    [TestMethod]
    public async Task A_group_prints_each_message_once_and_is_listed_with_its_position()
    {
        var first = await Parse("--group", "g", "--limit", "30");
        var rest = await Parse("--group", "g");
        var again = await Parse("--group", "g");
        var groups = await _tool.RunAsync("groups", "memory:", "--topic", "t", "--format", "jsonl");
        var text = await _tool.RunAsync("groups", "memory:");

        Assert.AreEqual((30, All - 30, 0), (first.Lines.Length, rest.Lines.Length, again.Lines.Length));
        Assert.IsTrue(rest.Lines.All(line => line.StartsWith("r-", StringComparison.Ordinal)));
        Assert.IsTrue(groups.Objects.Single().GetProperty("partitions").EnumerateArray().All(p => p.GetProperty("lag").GetInt32() == 0));
        Assert.Contains(" g ", text.Out);
    }

    [TestMethod]
    public void Timelines_keep_a_bounded_amount_back_and_say_when_they_go_on()
    {
        using var output = new StringWriter();
        var sink = new TimelineSink(new Terminal(output, TextWriter.Null), maxKeptChars: 100);
        foreach (var thread in (string[])["a", "b", "a", "a"])
        {
            sink.Add(default, new Event { Header = new Header { ThreadId = thread }, NodeId = new string('x', 40) });
        }

        sink.End();

        Assert.Contains("thread a (1 message)", output.ToString());
        Assert.Contains("thread b (1 message)", output.ToString());
        Assert.Contains("thread a (1 message, continued)", output.ToString());
    }

    [TestMethod]
    public async Task Topics_are_listed_with_their_records()
    {
        var text = await _tool.RunAsync("topics", "memory:");
        var json = await _tool.RunAsync("topics", "memory:", "--format", "jsonl");

        Assert.Contains(" 88 ", text.Out);
        Assert.DoesNotContain("\e", text.Out);
        Assert.AreEqual(All, json.Objects.Single().GetProperty("partitions").EnumerateArray().Sum(p => p.GetProperty("records").GetInt32()));
    }

    private Task<ToolResult> Parse(params string[] args) => _tool.RunAsync(["parse", "memory:", "--topic", "t", .. args]);

    private sealed class ClosedPipe : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }

    /// <summary>Output that tells when so many lines are out.</summary>
    private sealed class WatchedWriter : StringWriter
    {
        private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _lines;
        private int _wanted = int.MaxValue;

        public Task LinesAsync(int count)
        {
            Volatile.Write(ref _wanted, count);
            Check();
            return _enough.Task;
        }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            Interlocked.Increment(ref _lines);
            Check();
        }

        private void Check()
        {
            if (Volatile.Read(ref _lines) >= Volatile.Read(ref _wanted))
            {
                _enough.TrySetResult();
            }
        }
    }
}
