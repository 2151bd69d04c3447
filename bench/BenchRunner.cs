using System.Diagnostics;

namespace DashStream.Bench;

/// <summary>
/// Measures cases: warm-up, then rounds of the two sides in turn (A B A B …), so that both see the same machine. Nothing else runs
/// meanwhile; a collection before each round gives both sides the same start.
/// </summary>
/// <param name="rounds">Measured rounds of each side, at least 1.</param>
/// <param name="roundTime">How long a round of the slower side should last where the case leaves the number of operations open.</param>
internal sealed class BenchRunner(int rounds, TimeSpan roundTime)
{
    private const int MostOperations = 1 << 30;

    public async Task<BenchResult> RunAsync(IBenchCase @case, CancellationToken cancellationToken)
    {
        await @case.PrepareAsync(cancellationToken);
        var operations = await WarmUpAsync(@case, cancellationToken);

        List<Round> ours = [];
        List<Round> yardstick = [];
        for (var round = 0; round < rounds; round++)
        {
            ours.Add(await MeasureAsync(@case.Ours, operations, cancellationToken));
            yardstick.Add(await MeasureAsync(@case.Yardstick, operations, cancellationToken));
        }

        var ratio = Spread.OfSpeedRatios([.. ours.Select(round => round.Time)], [.. yardstick.Select(round => round.Time)]);
        return new BenchResult(
            @case.Name, @case.Operation, operations, ratio,
            Summarize(@case.Ours, operations, ours), Summarize(@case.Yardstick, operations, yardstick));
    }

    // Runs both sides until the compiler has had its time with them, and until the number of operations fills a round.
    private async Task<int> WarmUpAsync(IBenchCase @case, CancellationToken cancellationToken)
    {
        var operations = @case.OperationsPerRound ?? 1;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var ours = await MeasureAsync(@case.Ours, operations, cancellationToken);
            var yardstick = await MeasureAsync(@case.Yardstick, operations, cancellationToken);
            var slower = ours.Time > yardstick.Time ? ours.Time : yardstick.Time;
            var isLongEnough = @case.OperationsPerRound is not null || slower >= roundTime || operations >= MostOperations;
            if (isLongEnough && Stopwatch.GetElapsedTime(started) >= 2 * roundTime)
            {
                return operations;
            }

            operations = isLongEnough ? operations : operations * 2;
        }
    }

    private static async Task<Round> MeasureAsync(BenchSide side, int operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        await side.RunAsync(operations, cancellationToken);
        var time = Stopwatch.GetElapsedTime(started);
        return new Round(time, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    private static SideResult Summarize(BenchSide side, int operations, List<Round> rounds) => new(
        side.Name,
        Spread.Of(rounds.Select(round => operations / round.Time.TotalSeconds)),
        rounds.Average(round => (double)round.AllocatedBytes) / operations,
        [.. rounds.Select(round => round.Time.TotalSeconds)]);

    private readonly record struct Round(TimeSpan Time, long AllocatedBytes);
}
