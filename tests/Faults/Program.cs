using System.Globalization;
using DashStream.Faults;

const string Usage = """
    usage: DashStream.Faults memory:|file:DIR|sqlite:PATH FROM COUNT
           runs COUNT seeds from FROM, prints a line for each that fails, then 'ran N, failed N, faults N, digest N'; a single seed also tells its story
           memory: needs one thread: DOTNET_PROCESSOR_COUNT=1 DOTNET_ThreadPool_ForceMaxWorkerThreads=1
    """;

if (args is not [var uri, var from, var count] || (uri == Seeds.Virtual && !VirtualRun<int>.IsPossible))
{
    await Console.Error.WriteLineAsync(Usage);
    return 2;
}

var reports = await Seeds.RunAsync(uri, int.Parse(from, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture));
foreach (var report in reports)
{
    if (reports.Count == 1)
    {
        await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, report.Story));
    }

    if (report.Broken.Count > 0)
    {
        await Console.Out.WriteLineAsync(report.ToString());
    }
}

var digest = reports.Aggregate(0UL, static (sum, report) => (sum * 31) ^ report.Digest);
await Console.Out.WriteLineAsync(string.Create(
    CultureInfo.InvariantCulture,
    $"ran {reports.Count}, failed {reports.Count(report => report.Broken.Count > 0)}, faults {reports.Sum(report => (long)report.Faults)}, digest {digest}"));
return 0;
