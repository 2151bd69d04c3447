using DashStream.State;

namespace DashStream.Bench.Cases;

/// <summary>One message more on the states of recorded runs over 24 KB, where the state before is kept read, as the recorder of runs does.</summary>
internal sealed class StateAppendKept : IBenchCase
{
    private const int From = 24_576;
    private const int MostKept = 64;

    private readonly List<(PreparedState Before, byte[] After)> _pairs = [];

    public string Name => "state/append-kept-over-24k";

    public string Operation => "the new state to patch bytes and its canonical hash, the old one known";

    public BenchSide Ours => new("PreparedState.Next and StateDiffer.Compare", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            var (before, after) = _pairs[i % _pairs.Count];
            using var next = before.Next(after);
            GC.KeepAlive(StateDiffer.Compare(before, next));
        }

        return ValueTask.CompletedTask;
    });

    public BenchSide Yardstick => new(TreeComparison.Name, (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            var (before, after) = _pairs[i % _pairs.Count];
            GC.KeepAlive(TreeComparison.Compare(before.Json.ToArray(), after));
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var states in RecordedStatePairs.ReadAll())
        {
            var last = states.Count - 1;
            if (last >= 2 && states[last].Length >= From && _pairs.Count < MostKept)
            {
                using var first = PreparedState.Of(states[last - 2]);
                GC.KeepAlive(first.Hash);
                _pairs.Add((first.Next(states[last - 1]), states[last]));
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _pairs.ForEach(pair => pair.Before.Dispose());
        return ValueTask.CompletedTask;
    }
}
