using System.Globalization;

namespace DashStream.Conformance.Redis;

/// <summary>Two processes that spend one tenant's budget as fast as they can.</summary>
[TestClass]
public sealed class SharedBudgetTests
{
    private const int Rate = 500;
    private const int Burst = 200;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    [TestMethod]
    [DataRow(0)]
    [DataRow(3600)]
    [DataRow(-3600)]
    public async Task Two_processes_never_get_more_than_the_budget_whatever_their_clocks_say(int skewSeconds)
    {
        var server = await RedisServerFixture.ServerAsync();
        await using var session = await server.ConnectAsync();
        var prefix = Limiters.NewPrefix();
        using var one = Start(server, prefix, 0);
        using var other = Start(server, prefix, skewSeconds);
        Assert.AreEqual("ready", await one.ReadLineAsync());
        Assert.AreEqual("ready", await other.ReadLineAsync());

        var started = await session.TimeAsync();
        await Task.WhenAll(one.TellAsync("go"), other.TellAsync("go"));
        await Task.Delay(Duration);
        var got = (await Task.WhenAll(one.AskAsync("stop"), other.AskAsync("stop"))).Select(static line => long.Parse(line!, CultureInfo.InvariantCulture)).ToList();
        var seconds = (await session.TimeAsync() - started) / 1e6;

        Console.WriteLine($"{got[0]} and {got[1]} permits in {seconds:0.00} s; the budget is {Burst} + {Rate * seconds:0}.");
        Assert.IsTrue(got.Sum() <= Burst + (Rate * seconds), "Never more than the budget.");
        Assert.IsGreaterThan(Rate * Duration.TotalSeconds * 0.9, got.Sum(), "And most of it.");
        Assert.AreEqual(got.Sum(), await session.TakenAsync(prefix, "shared"), "The server has counted each.");
        Assert.IsTrue(got.All(static one => one > 0), "Both got some.");
    }

    private static ChildProcess Start(RedisServer server, string prefix, int skewSeconds) => ChildProcess.Start(
        "limiter", server.Endpoint, prefix, "shared", $"{Rate}", $"{Burst}", skewSeconds.ToString(CultureInfo.InvariantCulture));
}
