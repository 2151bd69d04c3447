using DashStream.Protocol;
using DashStream.Runs;

namespace DashStream;

/// <summary>Branches that run side by side. Thread-safe.</summary>
public sealed class RunParallel : IDisposable
{
    private readonly DashStreamRun _run;
    private readonly RunFrame _frame;
    private readonly long _began;

    internal RunParallel(DashStreamRun run, ReadOnlySpan<string> branches)
    {
        (_run, _began) = (run, run.Time.GetTimestamp());
        var around = run.Here;
        var id = run.Tell(EventType.ParallelStart, around.NodeId, 0, ("branches", branches.ToArray()), ("branch_count", branches.Length));
        _frame = new RunFrame(run, around, id, around.NodeId, around.Node).Enter();
    }

    /// <summary>All branches have finished.</summary>
    public void Dispose()
    {
        if (_frame.TryClose())
        {
            _run.Tell(new Event { EventType = EventType.ParallelEnd, NodeId = _frame.NodeId, DurationUs = RunTime.Us(_run.Time.GetElapsedTime(_began)) }, _frame);
        }
    }
}
