namespace DashStream.Bench;

/// <summary>What was measured for one case.</summary>
/// <param name="Name">The case.</param>
/// <param name="Operation">What one operation is.</param>
/// <param name="OperationsPerRound">How many of them a round did on each side.</param>
/// <param name="SpeedRatio">How many times as fast as the yardstick we are; above 1 is faster.</param>
/// <param name="Ours">Our side.</param>
/// <param name="Yardstick">The other side.</param>
/// <param name="Beside">What was measured beside the two.</param>
internal sealed record BenchResult(
    string Name, string Operation, int OperationsPerRound, Spread SpeedRatio, SideResult Ours, SideResult Yardstick, IReadOnlyList<BesideResult> Beside);

/// <summary>What was measured for a further side.</summary>
/// <param name="SpeedRatio">How many times as fast as the yardstick it is.</param>
/// <param name="OurSpeedRatio">How many times as fast as it we are.</param>
/// <param name="Side">The side.</param>
internal sealed record BesideResult(Spread SpeedRatio, Spread OurSpeedRatio, SideResult Side);

/// <summary>What was measured for one side of a case.</summary>
/// <param name="Name">What did it.</param>
/// <param name="OperationsPerSecond">Over the rounds.</param>
/// <param name="AllocatedBytesPerOperation">Managed memory taken by all threads, over all rounds; null for another process.</param>
/// <param name="RoundSeconds">The time of each round in order, so that a doubtful result can be looked into.</param>
internal sealed record SideResult(
    string Name, Spread OperationsPerSecond, double? AllocatedBytesPerOperation, IReadOnlyList<double> RoundSeconds);

/// <summary>A whole run, as it is written to the results file.</summary>
/// <param name="Format">The version of this shape.</param>
/// <param name="StartedAt">When the run began, UTC.</param>
/// <param name="Rounds">Measured rounds of each side.</param>
/// <param name="Machine">Where it ran; results of different machines do not compare, their ratios may.</param>
/// <param name="Cases">The results in the order they ran.</param>
/// <param name="Figures">What was measured beside the comparisons.</param>
internal sealed record BenchReport(
    int Format, DateTimeOffset StartedAt, int Rounds, Machine Machine, IReadOnlyList<BenchResult> Cases, IReadOnlyList<FigureResult> Figures);
