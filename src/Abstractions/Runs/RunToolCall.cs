using DashStream.Protocol;
using DashStream.Runs;
using Google.Protobuf;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream;

/// <summary>A call of a tool, from the request to its outcome. Not for concurrent use.</summary>
public sealed class RunToolCall : IDisposable
{
    private readonly DashStreamRun _run;
    private readonly RunFrame _frame;
    private readonly string _name;
    private long _began;
    private long _attemptBegan;
    private uint _retries;

    internal RunToolCall(DashStreamRun run, string name, ByteString arguments, string callId)
    {
        (_run, _name, CallId) = (run, name, callId);
        _began = _attemptBegan = run.Time.GetTimestamp();
        var around = run.Here;
        var requested = NewStage(ExecutionStage.Requested);
        requested.Arguments = arguments;
        _frame = new RunFrame(run, around, run.Tell(requested, around), around.NodeId, around.Node).Enter();
    }

    /// <summary>The call's id, which all its stages carry.</summary>
    public string CallId { get; }

    /// <summary>The tool begins to run; durations are measured from here. May be left out where nothing lies between request and start.</summary>
    public void Started()
    {
        _began = _attemptBegan = _run.Time.GetTimestamp();
        _run.Tell(NewStage(ExecutionStage.Started), _frame);
    }

    /// <summary>An attempt failed and the tool is called again.</summary>
    public void Retrying(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        _retries++;
        _run.Tell(Failure(NewStage(ExecutionStage.Retrying, Since(_attemptBegan)), error), _frame);
        _attemptBegan = _run.Time.GetTimestamp();
    }

    /// <summary>The tool gave a result. The duration is that of all attempts. The first word on the outcome counts.</summary>
    /// <param name="result">The result as JSON; other text is recorded as a JSON string. Null: it has none.</param>
    public void Complete(string? result = null)
    {
        if (_frame.TryClose())
        {
            var completed = NewStage(ExecutionStage.Completed, Since(_began));
            completed.Result = RunJson.Of(result);
            _run.Tell(completed, _frame);
        }
    }

    /// <summary>The tool failed for good. The first word on the outcome counts.</summary>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (_frame.TryClose())
        {
            _run.Tell(Failure(NewStage(ExecutionStage.Failed, Since(_began)), error), _frame);
            _run.Trace.AddError(_frame.NodeId, RunError.CodeOf(error), RunError.TextOf(error), recovered: true);
        }
    }

    /// <summary>Records the call as failed unless its outcome was told: a tool that ends without a word did not give its result.</summary>
    public void Dispose()
    {
        if (_frame.TryClose())
        {
            var aborted = NewStage(ExecutionStage.Failed, Since(_began));
            aborted.Error = "The call ended without an outcome.";
            _run.Tell(aborted, _frame);
        }
    }

    private static ToolExecution Failure(ToolExecution stage, Exception error)
    {
        stage.Error = RunError.TextOf(error);
        stage.ErrorDetails = RunError.MessageOf(error, Error.Types.Severity.Error);
        return stage;
    }

    private long Since(long moment) => RunTime.Us(_run.Time.GetElapsedTime(moment));

    private ToolExecution NewStage(ExecutionStage stage, long durationUs = 0) =>
        new() { CallId = CallId, ToolName = _name, Stage = stage, DurationUs = durationUs, RetryCount = _retries };
}
