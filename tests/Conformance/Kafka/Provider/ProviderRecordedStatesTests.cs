using DashStream.Tests.State;

namespace DashStream.Conformance.Kafka;

/// <summary>The shared agent runs, recorded with their states into Kafka.</summary>
[TestClass]
public sealed class ProviderRecordedStatesTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(300_000, CooperativeCancellation = true)]
    public async Task Every_step_of_every_recorded_run_has_its_hash_and_the_last_its_state()
    {
        await using var provider = await KafkaProviders.OpenAsync(_ => { });

        await RecordedStates.AssertKeptAsync(provider, $"states-{Guid.NewGuid():N}", TestContext.CancellationToken);
    }
}
