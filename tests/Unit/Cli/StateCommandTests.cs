using System.Text.Json;
using DashStream.Cli;
using DashStream.State;
using DashStream.Tests.State;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class StateCommandTests
{
    private const string Store = "memory:";
    private const string Thread = "conversation-7";

    private readonly ToolSession _tool = new();

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Fill()
    {
        await using var store = _tool.Open(Store);
        await store.Provider.Admin.CreateTopicAsync(new TopicSpec("runs", 2), TestContext.CancellationToken);
        await RecordAsync(Thread, 6);
        await RecordAsync("other", 4, different: 3);
        await RecordAsync("same", 6);
    }

    [TestCleanup]
    public async Task Close() => await _tool.DisposeAsync();

    [TestMethod]
    public async Task A_state_is_shown_as_it_is_and_as_it_was()
    {
        var latest = await RunAsync(Thread, "--format", "json");
        var steps = await RunAsync(Thread, "--steps", "--format", "json");
        var third = steps.Objects[2];

        Assert.AreEqual((ExitCodes.Ok, 6), (latest.Code, latest.Objects[0].GetProperty("state").GetProperty("messages").GetArrayLength()), latest.Err);
        Assert.HasCount(6, steps.Objects);
        Assert.AreEqual(1, third.GetProperty("patch").GetArrayLength());
        foreach (var point in new[] { third.GetProperty("sequence").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture), third.GetProperty("position").GetString()! })
        {
            var then = (await RunAsync(Thread, "--at", point, "--format", "json")).Objects[0];
            Assert.AreEqual(3, then.GetProperty("state").GetProperty("messages").GetArrayLength());
            Assert.AreEqual(third.GetProperty("state_hash").GetString(), then.GetProperty("state_hash").GetString());
            Assert.AreEqual(StateHash.Of(then.GetProperty("state").GetRawText().Utf8()).ToString(), then.GetProperty("state_hash").GetString());
        }

        var text = await RunAsync(Thread);
        Assert.Contains("\"message 5\"", text.Out.Replace(new string('x', 300), "", StringComparison.Ordinal));
        Assert.Contains("number", text.Err);
    }

    [TestMethod]
    public async Task A_time_before_the_first_state_has_none_and_a_later_one_the_last()
    {
        var early = await RunAsync(Thread, "--at", "2001-01-01T00:00:00Z");
        var late = await RunAsync(Thread, "--at", "2099-01-01T00:00:00Z", "--format", "json");

        Assert.AreEqual(ExitCodes.Failure, early.Code);
        Assert.Contains("nothing of thread 'conversation-7'", early.Err);
        Assert.AreEqual(6, late.Objects[0].GetProperty("state").GetProperty("messages").GetArrayLength());
    }

    [TestMethod]
    public async Task Two_moments_are_compared()
    {
        var steps = (await RunAsync(Thread, "--steps", "--format", "json")).Objects;
        var (a, b) = (steps[1].GetProperty("position").GetString()!, steps[4].GetProperty("position").GetString()!);

        var text = await RunAsync(Thread, "--diff", a, b);
        var json = await RunAsync(Thread, "--diff", a, "latest", "--format", "json");

        Assert.AreEqual(3, text.Lines.Count(line => line.StartsWith("  + /messages/", StringComparison.Ordinal)), text.Out + text.Err);
        Assert.AreEqual(4, json.Objects[0].GetProperty("patch").GetArrayLength());
        Assert.AreEqual(a, json.Objects[0].GetProperty("from").GetProperty("position").GetString());
    }

    [TestMethod]
    public async Task Two_runs_are_compared_change_by_change()
    {
        var same = await RunAsync(Thread, "--compare", "same");
        var other = await RunAsync(Thread, "--compare", "other", "--format", "json");
        var text = await RunAsync(Thread, "--compare", "other", "--compare-from", Store, "--compare-topic", "runs");

        Assert.AreEqual((ExitCodes.Ok, "the same, change by change"), (same.Code, same.Lines[0]), same.Err);
        Assert.AreEqual((ExitCodes.Different, 4), (other.Code, other.Objects[0].GetProperty("step").GetInt32()), other.Err);
        Assert.AreEqual(JsonValueKind.Array, other.Objects[0].GetProperty("patch").ValueKind);
        Assert.Contains("they part at change 4", text.Out);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Watching_goes_on_until_it_is_interrupted()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.CancellationToken);
        await using var output = new WatchedWriter(lines: 3);
        await using var error = new StringWriter();
        var stores = new ProviderFactory();
        await using var storesUse = stores;
        await using (var store = stores.Open(Store))
        {
            await store.Provider.Admin.CreateTopicAsync(new TopicSpec("runs"), stop.Token);
        }

        var watching = Tool.RunAsync(["state", "w", "--from", Store, "--topic", "runs", "--watch", "--format", "json"], new Terminal(output, error), stores, stop.Token);
        await RecordAsync("w", 3, stores: stores);
        await output.Enough.WaitAsync(TestContext.CancellationToken);
        await stop.CancelAsync();

        Assert.AreEqual(ExitCodes.Interrupted, await watching);
    }

    [TestMethod]
    public async Task What_makes_no_sense_is_refused_as_usage()
    {
        foreach (var args in new string[][] { ["--at", "yesterday"], ["--at", "0"], ["--diff", "1"], ["--at", "1", "--steps"], ["--compare-topic", "runs"], ["--format", "yaml"], ["--compare", ""], ["--at", ""], ["--at", "0@-1"], ["--diff", "1", "2", "3"], ["--diff", "1", "x"] })
        {
            var refused = await RunAsync([Thread, .. args]);
            Assert.AreEqual(ExitCodes.Usage, refused.Code, string.Join(' ', args));
            Assert.StartsWith("error: ", refused.Err, string.Join(' ', args));
        }

        Assert.AreEqual(ExitCodes.Usage, (await RunAsync("")).Code);
    }

    [TestMethod]
    public async Task What_is_not_there_is_told_by_name()
    {
        foreach (var (args, told) in new (string[] Args, string Told)[]
        {
            (["nobody"], "nobody"), ([Thread, "--at", "9@1"], "partition 9"), ([Thread, "--at", "0@99999"], "0@99999"), ([Thread, "--at", "2001-01-01"], "2001-01-01"),
            ([Thread, "--diff", "2", "9@1"], "partition 9"), ([Thread, "--compare", "nobody"], "nobody"), ([Thread, "--tenant", "other"], Thread),
        })
        {
            var failed = await RunAsync(args);
            Assert.AreEqual(ExitCodes.Failure, failed.Code, string.Join(' ', args));
            Assert.Contains(told, failed.Err);
            Assert.AreEqual("", failed.Out);
        }
    }

    private Task<ToolResult> RunAsync(params string[] args) => _tool.RunAsync(["state", args[0], "--from", Store, "--topic", "runs", .. args[1..]]);

    private async Task RecordAsync(string thread, int states, int different = int.MaxValue, ProviderFactory? stores = null)
    {
        await using var store = stores?.Open(Store) ?? _tool.Open(Store);
        await using var producer = await DashStreamProducer.OpenAsync(store.Provider, "runs");
        await using var runs = new DashStreamRuns(producer);
        using var run = runs.Start(thread, new RunGraph { Name = "test" });
        var messages = new List<string>();
        for (var i = 0; i < states; i++)
        {
            messages.Add((i == different ? "another " : "message ") + i + new string('x', 300));
            run.State(new { messages }, options: null);
        }

        run.Complete();
        await runs.FlushAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Tells when so many lines were written and flushed.</summary>
    private sealed class WatchedWriter(int lines) : StringWriter
    {
        private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Enough => _enough.Task;

        public override void Flush()
        {
            base.Flush();
            if (ToString().Count(c => c == '\n') >= lines)
            {
                _enough.TrySetResult();
            }
        }
    }
}
