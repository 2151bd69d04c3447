using DashStream;
using DashStream.Protocol;
using DashStream.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentDemo.Tests;

/// <summary>The application as it is, with one call that puts memory in the place of whatever provider it chose.</summary>
[TestClass]
public sealed class MemorySwapTests
{
    private static readonly DemoOptions Options = new(Runs: null, Store: null, Topic: "agent-runs");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task The_demo_runs_in_memory_and_the_probe_sees_what_it_recorded()
    {
        await using var services = new ServiceCollection()
            .AddAgentDemo("sqlite:/nowhere/that/could/be/opened.db")
            .UseInMemoryDashStream()
            .BuildServiceProvider();
        using var output = new StringWriter();

        var complete = await new Demo(services, output).RunAsync(Options, TestContext.CancellationToken);

        Assert.IsTrue(complete, output.ToString());
        Assert.AreEqual("memory", services.GetRequiredService<IStreamProvider>().Name);
        var recorded = await services.GetRequiredService<DashStreamProbe>().ReadTopicAsync("agent-runs", cancellationToken: TestContext.CancellationToken);
        Assert.HasCount(8, recorded.Where(message => message.Event?.EventType == EventType.GraphEnd));
        Assert.HasCount(8, recorded.Where(message => message.ToolExecution?.Stage == ToolExecution.Types.ExecutionStage.Retrying));
        Assert.Contains("That makes 202.", output.ToString());
        Assert.Contains("That makes 428.", output.ToString());
    }
}
