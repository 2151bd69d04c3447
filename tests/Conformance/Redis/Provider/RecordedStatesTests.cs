using DashStream.Tests.State;

namespace DashStream.Conformance.Redis;

/// <summary>The shared agent runs, recorded with their states into Redis.</summary>
[TestClass]
public sealed class RecordedStatesTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(300_000, CooperativeCancellation = true)]
    public async Task Every_step_of_every_recorded_run_has_its_hash_and_the_last_its_state()
    {
        await using var redis = await ProviderUnderTest.StartAsync();

        await RecordedStates.AssertKeptAsync(redis.Provider, "runs", TestContext.CancellationToken);
    }
}
