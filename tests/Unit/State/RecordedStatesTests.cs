using DashStream.Providers;

namespace DashStream.Tests.State;

/// <summary>The shared agent runs, recorded with their states into each store of this machine; the tests of Redis and Kafka do the same there.</summary>
[TestClass]
public sealed class RecordedStatesTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("memory")]
    [DataRow("file")]
    [DataRow("sqlite")]
    [Timeout(300_000, CooperativeCancellation = true)]
    public async Task Every_step_of_every_recorded_run_has_its_hash_and_the_last_its_state(string scheme)
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-states-").FullName;
        await using (var provider = Open(scheme, folder))
        {
            await RecordedStates.AssertKeptAsync(provider, "runs", TestContext.CancellationToken);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static IStreamProvider Open(string scheme, string folder) => scheme switch
    {
        "file" => new FileProvider(Path.Combine(folder, "store")),
        "sqlite" => new SqliteProvider(Path.Combine(folder, "store.db")),
        _ => new MemoryProvider(),
    };
}
