using System.Text.Json.Nodes;
using DashStream.Providers;
using Microsoft.Extensions.DependencyInjection;
using static DashStream.Protocol.TokenChunk.Types;

namespace DashStream.Tests.Runs;

/// <summary>The code of docs/recording-runs.md.</summary>
[TestClass]
public sealed class RecordingRunsExampleTests
{
    [TestMethod]
    public async Task The_example_records_a_run()
    {
        await using var recording = await RunFixture.OpenAsync();
        await RecordAsync(recording.Runs);
        var counts = await recording.FlushAsync();

        Assert.AreEqual(counts.Total.Recorded, counts.Total.Stored);
        var trace = recording.Messages[^1].ExecutionTrace;
        Assert.IsTrue(trace.Completed);
        Assert.AreEqual(124ul, trace.TotalTokens);
        Assert.AreEqual("""{"found":3}""", trace.FinalState.ToStringUtf8());
    }

    [TestMethod]
    public async Task The_registrations_of_the_example_resolve()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseSqlite("runs.db").AddGenAiRecording("runs");
        services.AddDashStream().UseSqlite("runs.db").AddRuns("runs", options => options.CheckpointEvery = 20);
        await using var built = services.UseInMemoryDashStream().BuildServiceProvider();

        Assert.AreEqual(20, built.GetRequiredService<DashStreamRuns>().Options.CheckpointEvery);
    }

    [TestMethod]
    public void Every_line_of_code_in_the_document_is_in_this_file()
    {
        var root = Path.GetFullPath(GoldenData.Trimmed("..", ".."));
        var document = File.ReadAllText(Path.Combine(root, "docs", "recording-runs.md"));
        var here = File.ReadAllLines(Path.Combine(root, "tests", "Unit", "Runs", $"{nameof(RecordingRunsExampleTests)}.cs")).Select(line => line.Trim()).ToHashSet();

        var code = document.Split("```").Where((_, i) => i % 2 == 1).SelectMany(block => block.Split('\n').Skip(1)).Select(line => line.Trim()).ToList();

        Assert.IsGreaterThan(15, code.Count);
        CollectionAssert.IsSubsetOf(code.Where(line => line.Length > 0).Distinct().ToList(), here.ToList());
    }

    private static async Task RecordAsync(DashStreamRuns runs)
    {
        var state = new JsonObject();
        using var run = runs.Start("conversation-7", new RunGraph { Name = "research", EntryPoint = "plan" });
        run.State(state);
        using (var node = run.Node("plan"))
        {
            node.Progress("looking around", 0.5);
            using var call = run.ModelCall("my-model");
            call.Token("I will ");
            call.Token("search.");
            call.Finish(FinishReason.ToolCalls, new TokenUsage(Prompt: 120, Completion: 4));
        }

        run.Edge("plan", "search");
        await run.NodeAsync("search", async _ =>
        {
            using var tool = run.Tool("find", """{"words":["log"]}""", callId: "call-1");
            tool.Complete(await FindAsync());
        });
        state["found"] = 3;
        run.State(state);
        run.Complete(("success", true));
    }

    private static Task<string> FindAsync() => Task.FromResult("[1,2,3]");
}
