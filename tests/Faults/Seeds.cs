using DashStream.Conformance;
using DashStream.Providers;

namespace DashStream.Faults;

/// <summary>Runs seeds where a URI says.</summary>
internal static class Seeds
{
    /// <summary>Memory under a clock of its own, one seed after the other, each exactly repeatable.</summary>
    public const string Virtual = "memory:";

    // Most of a run on the system's clock is waiting.
    private const int AtOnce = 16;

    public static Task<IReadOnlyList<FaultReport>> RunAsync(string uri, int first, int count) => uri.Split(':', 2) switch
    {
        ["memory", ""] => OnMemoryAsync(first, count),
        ["file", var directory] => OnAsync(new FileProvider(directory), first, count),
        ["sqlite", var path] => OnAsync(new SqliteProvider(path), first, count),
        _ => throw new ArgumentException($"'{uri}' is neither memory: nor file:DIR nor sqlite:PATH.", nameof(uri)),
    };

    private static async Task<IReadOnlyList<FaultReport>> OnAsync(IStreamProvider provider, int first, int count)
    {
        var reports = new FaultReport[count];
        await using (provider)
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
            await Parallel.ForAsync(0, count, options, async (i, _) => reports[i] = await RunAsync(provider, first + i, time: null));
        }

        return reports;
    }

    // The faults of direct sends have a plan of their own; they count too.
    private static async Task<FaultReport> RunAsync(IStreamProvider provider, int seed, TimeProvider? time)
    {
        var plan = new FaultPlan(seed);
        var report = await FaultRun.RunAsync(new DirectFaults(provider, plan), seed, time);
        return report with { Faults = report.Faults + plan.Happened };
    }

    private static async Task<IReadOnlyList<FaultReport>> OnMemoryAsync(int first, int count)
    {
        var reports = new List<FaultReport>();
        for (var seed = first; seed < first + count; seed++)
        {
            reports.Add(await OnMemoryAsync(seed));
        }

        return reports;
    }

    private static async Task<FaultReport> OnMemoryAsync(int seed)
    {
        Chance.Seed(seed);
        try
        {
            return await new VirtualRun<FaultReport>(async clock =>
            {
                await using var provider = new MemoryProvider(time: clock);
                return await RunAsync(provider, seed, clock);
            }).RunAsync();
        }
        catch (InvalidOperationException e)
        {
            return new FaultReport(seed, "unfinished", 0, 0, [e.Message], []);
        }
    }
}
