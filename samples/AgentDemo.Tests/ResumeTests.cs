using System.Diagnostics;
using DashStream;
using DashStream.Providers;
using DashStream.State;
using Microsoft.Extensions.DependencyInjection;

namespace AgentDemo.Tests;

/// <summary>The agent is killed in the middle of its work, twice, and goes on from its checkpoints.</summary>
[TestClass]
public sealed class ResumeTests
{
    private const string Topic = "agent-runs";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("file")]
    [DataRow("sqlite")]
    [Timeout(240_000, CooperativeCancellation = true)]
    public async Task Killed_and_started_again_the_agent_ends_with_the_state_of_an_undisturbed_run(string scheme)
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-resume-").FullName;
        var (store, checkpoints) = (Path.Combine(folder, "store"), Path.Combine(folder, "checkpoints"));
        string[] arguments = ["--to", $"{scheme}:{store}", "--checkpoints", checkpoints];

        var first = await RunUntilAsync([.. arguments, "--pace", "300"], saves: 12);
        var second = await RunUntilAsync([.. arguments, "--pace", "300"], saves: 5);
        var last = await RunUntilAsync(arguments, saves: int.MaxValue);

        Assert.IsEmpty(Ends(first).Concat(Ends(second)));
        Assert.HasCount(8, Ends(last));
        Assert.IsNotEmpty(last.Where(line => line.StartsWith("resumed", StringComparison.Ordinal) && !line.EndsWith("its end", StringComparison.Ordinal)));
        Assert.HasCount(8, last.Where(line => line.StartsWith("resumed", StringComparison.Ordinal)));
        CollectionAssert.AreEqual(Ends(await UndisturbedAsync(folder)), Ends(last));
        await using (IStreamProvider provider = scheme == "file" ? new FileProvider(store) : new SqliteProvider(store))
        {
            var history = new StateHistory(provider, Topic);
            await foreach (var step in history.ReadAsync("question-1", cancellationToken: TestContext.CancellationToken))
            {
                Assert.IsNotNull(step.Moment, step.Problem?.Message);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    private static List<string> Ends(IEnumerable<string> lines) => [.. lines.Where(line => line.Contains("ended with state", StringComparison.Ordinal))];

    private async Task<List<string>> UndisturbedAsync(string folder)
    {
        await using var services = new ServiceCollection().AddAgentDemo("memory:").BuildServiceProvider();
        await using var output = new StringWriter();
        var options = new DemoOptions(Runs: null, Store: null, Topic) { Checkpoints = Path.Combine(folder, "undisturbed") };
        await new ResumableDemo(services, output).RunAsync(options, TestContext.CancellationToken);
        return [.. output.ToString().Split(Environment.NewLine)];
    }

    /// <summary>Runs the program until it has saved so often, and kills it then; otherwise to its end.</summary>
    private async Task<List<string>> RunUntilAsync(string[] arguments, int saves)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AgentDemo.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var lines = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(TestContext.CancellationToken) is { } line)
        {
            lines.Add(line);
            if (line.StartsWith("saved", StringComparison.Ordinal) && --saves == 0)
            {
                process.Kill();
            }
        }

        await process.WaitForExitAsync(TestContext.CancellationToken);
        Assert.AreEqual(saves > 0, process.ExitCode == 0, await process.StandardError.ReadToEndAsync(TestContext.CancellationToken));
        return lines;
    }
}
