using DashStream.Protocol;
using DashStream.Runs;

namespace DashStream;

/// <summary>A node that runs. What is told in the asynchronous flow under it names it as its cause. Thread-safe.</summary>
public sealed class RunNode : IDisposable
{
    private readonly DashStreamRun _run;
    private readonly RunFrame _frame;
    private readonly long _began;

    internal RunNode(DashStreamRun run, string name, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        _run = run;
        _began = run.Time.GetTimestamp();
        var around = run.Here;
        _frame = new RunFrame(run, around, run.Tell(EventType.NodeStart, name, 0, attributes), name, run.Trace.AddNode(name)).Enter();
    }

    /// <summary>The node's name.</summary>
    public string Name => _frame.NodeId;

    /// <summary>How far the node has come.</summary>
    /// <param name="message">What it does just now.</param>
    /// <param name="percent">From 0 to 1.</param>
    public void Progress(string message, double percent) => Tell(EventType.NodeProgress, ("message", message), ("percent", percent));

    /// <summary>What the node considers.</summary>
    public void Thinking(string thought, int step = 0) => Tell(EventType.NodeThinking, ("thought", thought), ("step", step));

    /// <summary>A part of the node's work.</summary>
    public void Substep(string name, string status) => Tell(EventType.NodeSubstep, ("substep_name", name), ("status", status));

    /// <summary>The node warns of something.</summary>
    public void Warning(string message, params ReadOnlySpan<(string Name, object? Value)> attributes) =>
        Tell(EventType.NodeWarning, [("message", message), .. attributes]);

    /// <summary>The node did its work. The first word on its end counts.</summary>
    public void Complete(params ReadOnlySpan<(string Name, object? Value)> attributes) => End(EventType.NodeEnd, succeeded: true, attributes);

    /// <summary>The node failed. The first word on its end counts.</summary>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (End(EventType.NodeError, succeeded: false, [("error", RunError.TextOf(error)), ("error_type", RunError.TypeOf(error))]))
        {
            _run.Trace.AddError(Name, RunError.CodeOf(error), RunError.TextOf(error), recovered: true);
        }
    }

    /// <summary>Ends the node as a success unless its end was told.</summary>
    public void Dispose() => Complete();

    private bool End(EventType type, bool succeeded, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        if (!_frame.TryClose())
        {
            return false;
        }

        var took = _run.Time.GetElapsedTime(_began);
        _run.Trace.EndNode(_frame.Node, took, succeeded);
        Tell(type, RunTime.Us(took), attributes);
        return true;
    }

    private void Tell(EventType type, params ReadOnlySpan<(string Name, object? Value)> attributes) => Tell(type, 0, attributes);

    private void Tell(EventType type, long durationUs, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var body = new Event { EventType = type, NodeId = Name, DurationUs = durationUs };
        RunAttributes.AddTo(body.Attributes, attributes);
        _run.Tell(body, _frame);
    }
}
