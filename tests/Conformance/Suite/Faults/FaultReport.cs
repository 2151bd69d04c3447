namespace DashStream.Conformance;

/// <summary>What the run of a seed showed.</summary>
/// <param name="Seed">The seed, to run it again.</param>
/// <param name="Scenario">How many of everything took part.</param>
/// <param name="Faults">How many faults happened.</param>
/// <param name="Digest">Equal for two runs in which the same happened in the same order.</param>
/// <param name="Broken">What did not hold, a sentence each; empty when all is well.</param>
/// <param name="Story">What happened, step by step: stored, started, done, committed, where and by whom.</param>
public sealed record FaultReport(int Seed, string Scenario, int Faults, ulong Digest, IReadOnlyList<string> Broken, IReadOnlyList<string> Story)
{
    /// <summary>The report as text.</summary>
    public override string ToString() =>
        $"seed {Seed} ({Scenario}, {Faults} faults): {(Broken.Count == 0 ? "all held" : string.Join("; ", Broken))}";
}
