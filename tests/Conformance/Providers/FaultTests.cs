using DashStream.Conformance.Providers.Faults;
using DashStream.Providers;

namespace DashStream.Conformance.Providers;

/// <summary>The suite bites: a provider with a fault fails the case that is there for it.</summary>
[TestClass]
public sealed class FaultTests
{
    [TestMethod]
    public Task A_dropped_header_is_noticed() =>
        BitesAsync<Content<DropsAHeader>, DropsAHeader>(suite => suite.Headers_keep_order_and_duplicates());

    [TestMethod]
    public Task A_null_that_became_empty_is_noticed() =>
        BitesAsync<Content<LosesNull>, LosesNull>(suite => suite.Null_and_empty_values_stay_different());

    [TestMethod]
    public Task Another_order_is_noticed() =>
        BitesAsync<Order<Reorders>, Reorders>(suite => suite.One_partition_keeps_the_order_of_the_calls());

    [TestMethod]
    public Task A_record_delivered_twice_is_noticed() =>
        BitesAsync<PublishReceive<Doubles>, Doubles>(suite => suite.Each_record_comes_once_on_a_clean_run());

    [TestMethod]
    public Task A_hidden_gap_is_noticed() =>
        BitesAsync<Trim<HidesGaps>, HidesGaps>(suite => suite.A_group_is_told_what_it_missed());

    [TestMethod]
    public Task An_accepted_fenced_commit_is_noticed() =>
        BitesAsync<Rebalance<AcceptsFencedCommits>, AcceptsFencedCommits>(suite => suite.A_fenced_commit_is_refused_and_the_rest_counts());

    [TestMethod]
    public Task A_claim_that_does_not_hold_is_noticed() =>
        BitesAsync<Capabilities<ClaimsToPersist>, ClaimsToPersist>(suite => suite.Persistence_is_as_claimed());

    [TestMethod]
    public Task Coarser_times_than_claimed_are_noticed() =>
        BitesAsync<Capabilities<KeepsMilliseconds>, KeepsMilliseconds>(suite => suite.Timestamp_resolution_is_as_claimed());

    [TestMethod]
    public Task Retention_that_is_there_and_not_claimed_is_noticed() =>
        BitesAsync<Capabilities<DeniesRetention>, DeniesRetention>(suite => suite.Retention_by_age_is_as_claimed());

    [TestMethod]
    public Task Counting_that_is_there_and_not_claimed_is_noticed() =>
        BitesAsync<Capabilities<DeniesCounting>, DeniesCounting>(suite => suite.Counts_are_as_claimed());

    [TestMethod]
    public Task A_run_of_faults_notices_a_lost_record() =>
        RunBreaksAsync("lost", new FaultSet { OnRead = static records => [.. records.Where(record => record.Position!.Value.Offset != 3)] });

    [TestMethod]
    public Task A_run_of_faults_notices_another_order() =>
        RunBreaksAsync("order", new FaultSet { OnRead = static records => [.. records.Reverse()] });

    private static async Task RunBreaksAsync(string promise, FaultSet faults)
    {
        await using var provider = new FaultyProvider(new MemoryProvider(), faults);

        var reports = await Task.WhenAll(Enumerable.Range(0, 5).Select(seed => FaultRun.RunAsync(provider, seed, limit: TimeSpan.FromSeconds(2))));

        Assert.IsTrue(
            reports.Any(report => report.Broken.Any(line => line.StartsWith(promise, StringComparison.Ordinal))), string.Join(Environment.NewLine, reports.AsEnumerable()));
    }

    private static async Task BitesAsync<TSuite, TFixture>(Func<TSuite, Task> run)
        where TSuite : ConformanceSuite<TFixture>, new()
        where TFixture : ConformanceFixture, new()
    {
        var suite = new TSuite();
        try
        {
            await suite.SetUpAsync();
            await Assert.ThrowsExactlyAsync<AssertFailedException>(() => run(suite));
        }
        finally
        {
            await suite.TearDownAsync();
        }
    }

#pragma warning disable MSTEST0030 // Called by the tests above, and not to be run as tests: they fail.
    private sealed class Content<TFixture> : ContentConformance<TFixture>
        where TFixture : ConformanceFixture, new();

    private sealed class Order<TFixture> : OrderConformance<TFixture>
        where TFixture : ConformanceFixture, new();

    private sealed class PublishReceive<TFixture> : PublishReceiveConformance<TFixture>
        where TFixture : ConformanceFixture, new();

    private sealed class Trim<TFixture> : TrimConformance<TFixture>
        where TFixture : ConformanceFixture, new();

    private sealed class Rebalance<TFixture> : GroupRebalanceConformance<TFixture>
        where TFixture : ConformanceFixture, new();

    private sealed class Capabilities<TFixture> : CapabilitiesConformance<TFixture>
        where TFixture : ConformanceFixture, new();
#pragma warning restore MSTEST0030
}
