using DashStream.Protocol;
using DashStream.Runs;
using static DashStream.Protocol.TokenChunk.Types;

namespace DashStream;

/// <summary>A call of a model. Not for concurrent use, as its output is one stream.</summary>
public sealed class RunModelCall : IDisposable
{
    private readonly DashStreamRun _run;
    private readonly RunFrame _frame;
    private readonly string _model;
    private readonly long _began;
    private uint _chunks;
    private uint _retries;

    internal RunModelCall(DashStreamRun run, string model, string requestId, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        (_run, _model, RequestId, _began) = (run, model, requestId, run.Time.GetTimestamp());
        var around = run.Here;
        var start = NewEvent(EventType.LlmStart, around.NodeId, [("model", model), .. attributes]);
        _frame = new RunFrame(run, around, run.Tell(start, around), around.NodeId, around.Node).Enter();
    }

    /// <summary>The call's id, which its events and tokens carry.</summary>
    public string RequestId { get; }

    /// <summary>A piece of output. Pieces are numbered from 0; one that is dropped for want of room leaves its number out.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tokenIds">Its tokens, where the model tells them.</param>
    /// <param name="logprobs">Their log probabilities, where the model tells them.</param>
    public void Token(string text, ReadOnlySpan<uint> tokenIds = default, ReadOnlySpan<float> logprobs = default)
    {
        var chunk = NewChunk(text);
        chunk.TokenIds.AddRange(tokenIds.ToArray());
        chunk.Logprobs.AddRange(logprobs.ToArray());
        _run.Tell(chunk, _frame);
    }

    /// <summary>The call is made again.</summary>
    public void Retry(string reason) =>
        _run.Tell(NewEvent(EventType.LlmRetry, _frame.NodeId, [("reason", RunError.Bounded(reason)), ("retry_count", ++_retries)]), _frame);

    /// <summary>The output has ended: sends the final piece with reason and counts, then the end of the call. The first word on the end counts.</summary>
    /// <param name="reason">Why it ended.</param>
    /// <param name="usage">Token counts, or null when the model does not tell them.</param>
    /// <param name="text">The last piece, or the whole output where nothing was streamed.</param>
    public void Finish(FinishReason reason = FinishReason.Stop, TokenUsage? usage = null, string text = "")
    {
        if (!_frame.TryClose())
        {
            return;
        }

        var final = NewChunk(text);
        final.IsFinal = true;
        final.FinishReason = reason;
        if (usage is { } counts)
        {
            final.Stats = RunTokens.StatsOf(counts.Prompt, counts.Completion);
            _run.Trace.AddTokens(_frame.Node, counts);
        }

        _run.Tell(final, _frame);
        _run.Tell(NewEvent(EventType.LlmEnd, _frame.NodeId, [], Duration), _frame);
    }

    /// <summary>The call failed. The first word on the end counts.</summary>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (_frame.TryClose())
        {
            _run.Tell(NewEvent(EventType.LlmError, _frame.NodeId, [("error", RunError.TextOf(error)), ("error_type", RunError.TypeOf(error))], Duration), _frame);
            _run.Trace.AddError(_frame.NodeId, RunError.CodeOf(error), RunError.TextOf(error), recovered: true);
        }
    }

    /// <summary>Ends the call, without a final piece, unless its end was told.</summary>
    public void Dispose()
    {
        if (_frame.TryClose())
        {
            _run.Tell(NewEvent(EventType.LlmEnd, _frame.NodeId, [], Duration), _frame);
        }
    }

    private long Duration => RunTime.Us(_run.Time.GetElapsedTime(_began));

    private TokenChunk NewChunk(string? text) => new() { RequestId = RequestId, Text = text ?? "", ChunkIndex = _chunks++, Model = _model };

    private Event NewEvent(EventType type, string nodeId, ReadOnlySpan<(string Name, object? Value)> attributes, long durationUs = 0)
    {
        var body = new Event { EventType = type, NodeId = nodeId, LlmRequestId = RequestId, DurationUs = durationUs };
        RunAttributes.AddTo(body.Attributes, attributes);
        return body;
    }
}
