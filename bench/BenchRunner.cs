using System.Diagnostics;

namespace DashStream.Bench;

/// <summary>
/// Measures cases: warm-up, then rounds of the sides in turn (A B A B …), so that all see the same machine. Nothing else runs
/// meanwhile; a collection before each round gives every side the same start.
/// </summary>
/// <param name="rounds">Measured rounds of each side, at least 1.</param>
/// <param name="roundTime">How long a round of the slower side should last where the case leaves the number of operations open.</param>
internal sealed class BenchRunner(int rounds, TimeSpan roundTime)
{
    private const int MostOperations = 1 << 30;
    private const int LeastWarmUp = 2;
    private const int MostWarmUp = 30;

    public async Task<BenchResult> RunAsync(IBenchCase @case, CancellationToken cancellationToken)
    {
        await @case.PrepareAsync(cancellationToken);
        var operations = await WarmUpAsync(@case, cancellationToken);

        BenchSide[] sides = [@case.Ours, @case.Yardstick, .. @case.Beside];
        var measured = Array.ConvertAll(sides, _ => new List<Round>());
        for (var round = 0; round < rounds; round++)
        {
            for (var side = 0; side < sides.Length; side++)
            {
                measured[side].Add(await MeasureAsync(sides[side], operations, cancellationToken));
            }
        }

        var results = sides.Zip(measured, (side, its) => Summarize(side, operations, its)).ToArray();
        var beside = results.Zip(measured, (result, its) => new BesideResult(RatioOf(its, measured[1]), RatioOf(measured[0], its), result)).Skip(2);
        return new BenchResult(@case.Name, @case.Operation, operations, RatioOf(measured[0], measured[1]), results[0], results[1], [.. beside]);
    }

    private static Spread RatioOf(List<Round> first, List<Round> second) =>
        Spread.OfSpeedRatios([.. first.Select(round => round.Time)], [.. second.Select(round => round.Time)]);

    // Runs all sides until the number of operations fills a round, and then until none becomes faster any more, within a limit.
    private async Task<int> WarmUpAsync(IBenchCase @case, CancellationToken cancellationToken)
    {
        BenchSide[] sides = [@case.Ours, @case.Yardstick, .. @case.Beside];
        var operations = @case.OperationsPerRound ?? 1;
        var settling = new Settling();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var times = new List<TimeSpan>();
            foreach (var side in sides)
            {
                times.Add((await MeasureAsync(side, operations, cancellationToken)).Time);
            }

            if (@case.OperationsPerRound is null && times.Take(2).Max() < roundTime && operations < MostOperations)
            {
                operations *= 2;
                continue;
            }

            settling.Add(times);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (elapsed >= MostWarmUp * roundTime || (settling.IsSettled && elapsed >= LeastWarmUp * roundTime))
            {
                return operations;
            }
        }
    }

    private static async Task<Round> MeasureAsync(BenchSide side, int operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var time = await side.TimeAsync(operations, cancellationToken);
        return new Round(time, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    private static SideResult Summarize(BenchSide side, int operations, List<Round> rounds) => new(
        side.Name,
        Spread.Of(rounds.Select(round => operations / round.Time.TotalSeconds)),
        side.IsHere ? rounds.Average(round => (double)round.AllocatedBytes) / operations : null,
        [.. rounds.Select(round => round.Time.TotalSeconds)]);

    private readonly record struct Round(TimeSpan Time, long AllocatedBytes);
}
