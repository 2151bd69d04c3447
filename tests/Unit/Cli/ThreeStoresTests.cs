using System.Text.Json;
using DashStream.Analysis;
using DashStream.Cli;

namespace DashStream.Tests.Cli;

/// <summary>The recorded runs into each store and back: every message, in order per thread; also by two processes, and when one of them is killed.</summary>
[TestClass]
public sealed class ThreeStoresTests
{
    private const int MadeUpRuns = 100;

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-cli-").FullName;
    private readonly ToolSession _tool = new();

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public async Task Delete()
    {
        await _tool.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    [DataRow("memory:")]
    [DataRow("file:FOLDER/store")]
    [DataRow("sqlite:FOLDER/store.db")]
    public async Task The_recorded_runs_come_back_from_each_store(string store) =>
        await CheckAsync(GoldenData.Shared("agent-runs", "airline-gpt-4o.json"), At(store));

    [TestMethod]
    [DataRow("memory:")]
    [DataRow("file:FOLDER/store")]
    [DataRow("sqlite:FOLDER/store.db")]
    public async Task Made_up_runs_come_back_from_each_store(string store) => await CheckAsync(TestRuns.Write(_folder, MadeUpRuns), At(store));

    [TestMethod]
    [DataRow("file:FOLDER/store")]
    [DataRow("sqlite:FOLDER/store.db")]
    public async Task Two_processes_of_a_group_share_the_work_and_lose_nothing(string store)
    {
        var expected = await ImportAsync(RecordedElseMadeUp(), At(store));
        string[] args = ["parse", At(store), "--topic", "runs", "--group", "readers", "--format", "jsonl"];
        using var first = ToolProcess.Start(args);
        using var second = ToolProcess.Start(args);

        var lines = await Task.WhenAll(first.ReadToEndAsync(TestContext.CancellationToken), second.ReadToEndAsync(TestContext.CancellationToken));

        Assert.AreEqual((ExitCodes.Ok, ExitCodes.Ok), (first.ExitCode, second.ExitCode), first.Errors + second.Errors);
        AssertAll(expected, lines[0].Concat(lines[1]));
    }

    [TestMethod]
    [DataRow("file:FOLDER/store")]
    [DataRow("sqlite:FOLDER/store.db")]
    public async Task What_a_killed_process_had_not_committed_comes_to_the_other(string store)
    {
        var expected = await ImportAsync(RecordedElseMadeUp(), At(store));
        string[] args = ["parse", At(store), "--topic", "runs", "--group", "readers", "--format", "jsonl"];
        using var victim = ToolProcess.Start(args);
        var before = await victim.ReadLineAsync(TestContext.CancellationToken);
        using var survivor = ToolProcess.Start(args);
        var survived = survivor.ReadToEndAsync(TestContext.CancellationToken);

        // Nobody reads the victim's pipe, so it hangs in the middle of its work.
        victim.Kill();
        var after = await victim.ReadToEndAsync(TestContext.CancellationToken);
        var rest = await survived;

        Assert.AreEqual(ExitCodes.Ok, survivor.ExitCode, survivor.Errors);
        Assert.IsNotEmpty(rest);
        AssertAll(expected, after.Prepend(before!).Where(IsWhole).Concat(rest));
    }

    private static bool IsWhole(string line) => line.StartsWith('{') && line.EndsWith('}') && IsJson(line);

    private static bool IsJson(string line)
    {
        try
        {
            JsonDocument.Parse(line).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void AssertAll(Dictionary<string, int> expected, IEnumerable<string> lines)
    {
        var seen = lines.Select(Header).ToHashSet();
        var missing = expected.SelectMany(thread => Enumerable.Range(1, thread.Value).Select(sequence => (thread.Key, sequence))).Where(message => !seen.Contains(message));
        Assert.AreEqual("", string.Join(", ", missing.Take(5)));
        Assert.HasCount(expected.Values.Sum(), seen);
    }

    private static (string Thread, int Sequence) Header(string line)
    {
        using var document = JsonDocument.Parse(line);
        var header = document.RootElement.GetProperty("header");
        return (header.GetProperty("thread_id").GetString()!, header.GetProperty("sequence").GetInt32());
    }

    private async Task CheckAsync(string runs, string store)
    {
        var expected = await ImportAsync(runs, store);

        var parsed = await _tool.RunAsync("parse", store, "--topic", "runs", "--format", "jsonl");

        Assert.AreEqual(ExitCodes.Ok, parsed.Code, parsed.Err);
        var threads = parsed.Lines.Select(Header).GroupBy(header => header.Thread).ToDictionary(thread => thread.Key, thread => thread.Select(h => h.Sequence).ToList());
        Assert.HasCount(expected.Count, threads);
        foreach (var (thread, count) in expected)
        {
            CollectionAssert.AreEqual(Enumerable.Range(1, count).ToList(), threads[thread], thread);
        }
    }

    /// <summary>Imports and tells how many messages each thread must have.</summary>
    private async Task<Dictionary<string, int>> ImportAsync(string runs, string store)
    {
        var import = await _tool.RunAsync("import", runs, "--to", store, "--topic", "runs", "--prefix", "p");
        Assert.AreEqual(ExitCodes.Ok, import.Code, import.Err);
        var converter = new ChatRunConverter(new ChatImportOptions { Prefix = "p" });
        return await ChatRunReader.ReadFileAsync(runs, TestContext.CancellationToken)
            .Select(item => converter.Convert(item.Run!))
            .ToDictionaryAsync(run => MessageParts.HeaderOf(run[0])!.ThreadId, run => run.Count, cancellationToken: TestContext.CancellationToken);
    }

    private string RecordedElseMadeUp() => GoldenData.FindShared("agent-runs", "airline-gpt-4o.json") ?? TestRuns.Write(_folder, MadeUpRuns);

    private string At(string store) => store.Replace("FOLDER", _folder, StringComparison.Ordinal);
}
