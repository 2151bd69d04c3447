namespace DashStream.Conformance;

/// <summary>Sends, reads, commits and connections that fail by plan, members that come and go, handlers that fail: the promises hold all the same.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class FaultPlanConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private const int Seeds = 8;

    [Case]
    [Rule("DS-200", "Under faults nothing is lost, no thread is reordered, no commit passes an unfinished record, no number is given twice, every stop is bounded")]
    public async Task Faults_by_plan_break_no_promise()
    {
        Require(Capabilities.Groups, nameof(Capabilities.Groups));

        var reports = await Task.WhenAll(Enumerable.Range(1, Load.Of(Seeds)).Select(seed => FaultRun.RunAsync(Provider, seed, limit: Waits.Positive * 3)));

        Assert.IsEmpty(reports.Where(report => report.Broken.Count > 0).Select(report => report.ToString()));
        Assert.IsGreaterThan(reports.Length, reports.Sum(report => report.Faults), "The plan was to have faults.");
    }
}
