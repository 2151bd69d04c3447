using DashStream.State;

namespace DashStream.Bench.Cases;

/// <summary>One message more on the states of recorded runs, by size, beside the public .NET library that makes JSON patches.</summary>
internal abstract class StateAppendRecorded(string name, int from, int to) : IBenchCase
{
    private readonly List<(byte[] Before, byte[] After)> _pairs = [];

    public string Name => $"state/append-recorded-{name}";

    public string Operation => "two states to patch bytes and the canonical hash of the new one";

    public BenchSide Ours => new("StateDiffer.Compare", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            var (before, after) = _pairs[i % _pairs.Count];
            GC.KeepAlive(StateDiffer.Compare(before, after));
        }

        return ValueTask.CompletedTask;
    });

    public BenchSide Yardstick => new(TreeComparison.Name, (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            var (before, after) = _pairs[i % _pairs.Count];
            GC.KeepAlive(TreeComparison.Compare(before, after));
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var states in RecordedStatePairs.ReadAll())
        {
            _pairs.AddRange(states.Zip(states.Skip(1)).Where(pair => pair.Second.Length >= from && pair.Second.Length < to));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>States of 8 to 16 KB.</summary>
internal sealed class StateAppendRecorded8() : StateAppendRecorded("8k-16k", 8_192, 16_384);

/// <summary>States of 16 to 24 KB.</summary>
internal sealed class StateAppendRecorded16() : StateAppendRecorded("16k-24k", 16_384, 24_576);

/// <summary>States above 24 KB.</summary>
internal sealed class StateAppendRecorded24() : StateAppendRecorded("over-24k", 24_576, int.MaxValue);
