using System.Diagnostics;
using DashStream.Protocol;
using Google.Protobuf;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Runs;

/// <summary>
/// One span on its way into the record. Libraries set most tags right after a span's start, so its own start is told when the first span under it starts, or
/// when it ends, with the time at which it was. Then all that is needed is known, and nothing is told before what is around it.
/// </summary>
internal sealed class GenAiSpan
{
    private readonly GenAiRecording _recording;
    private readonly Activity _activity;
    private readonly GenAiSpan? _parent;
    private readonly RunFrame? _frame;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private GenAiThread? _thread;
    private GenAiKind _kind;
    private ByteString _cause = ByteString.Empty;
    private string _nodeId = "";
    private string? _callId;
    private bool _isStarted;
    private bool _isGraph;
    private bool _isCall;
    private volatile bool _isSeveralCalls;
    private volatile bool _hasInnerCalls;

    public GenAiSpan(GenAiRecording recording, Activity activity, GenAiSpan? parent, RunFrame? frame)
    {
        (_recording, _activity, _parent, _frame) = (recording, activity, parent, frame);
        if (parent is not null && GenAiKinds.MeansSeveralCalls(activity))
        {
            parent.MarkSeveralCalls();
        }

        parent?.EnsureStarted();
    }

    private string RequestId => _activity.SpanId.ToHexString();

    private long StartUs => RunLane.ToUs(_activity.StartTimeUtc);

    private long EndUs => RunLane.ToUs(_activity.StartTimeUtc + _activity.Duration);

    private long DurationUs => RunTime.Us(_activity.Duration);

    public void End()
    {
        EnsureStarted();
        lock (_gate)
        {
            if (_kind == GenAiKind.Tool)
            {
                TellTool(GenAiTags.Failed(_activity) ? ExecutionStage.Failed : ExecutionStage.Completed);
            }
            else if (_kind != GenAiKind.None)
            {
                TellOutput();
            }
        }
    }

    private void EnsureStarted()
    {
        lock (_gate)
        {
            if (!_isStarted)
            {
                _isStarted = true;
                _parent?.EnsureStarted();
                Place();
                TellStart();
            }
        }
    }

    // The nearest span around it that is a model call is none: it stands for several.
    private void MarkSeveralCalls()
    {
        for (var span = this; span is not null; span = span._parent)
        {
            if (GenAiKinds.Of(span._activity) is var kind && kind != GenAiKind.None)
            {
                span._isSeveralCalls |= kind == GenAiKind.Inference;
                return;
            }
        }
    }

    private void Place()
    {
        _kind = GenAiKinds.Of(_activity);
        _isCall = _kind == GenAiKind.Inference && !_isSeveralCalls;
        _thread = _parent?._thread ?? _recording.ThreadOf(_activity, _frame);
        _cause = _parent?._cause ?? _frame?.Cause ?? ByteString.Empty;
        _nodeId = _parent?._nodeId ?? _frame?.NodeId ?? "";
        _isGraph = _kind == GenAiKind.Agent && !_thread.IsOfARun && _cause.IsEmpty;
    }

    private void TellStart()
    {
        switch (_kind)
        {
            case GenAiKind.Inference when _isCall:
                TellAnswers();
                _cause = Tell(NewEvent(EventType.LlmStart), StartUs);
                break;
            case GenAiKind.Inference or GenAiKind.Agent:
                var name = GenAiTags.Text(_activity, GenAiNames.AgentName) ?? (_kind == GenAiKind.Agent ? GenAiKinds.Target(_activity) : _activity.DisplayName);
                _nodeId = _isGraph ? "" : name;
                var start = NewEvent(_isGraph ? EventType.GraphStart : EventType.NodeStart);
                RunAttributes.AddText(start.Attributes, "graph_name", _isGraph ? name : "");
                _cause = Tell(start, StartUs);
                break;
            case GenAiKind.Tool:
                TellTool(ExecutionStage.Started);
                break;
        }
    }

    private void TellOutput()
    {
        var failed = GenAiTags.Failed(_activity);
        if (!_hasInnerCalls)
        {
            TellTokens(failed);
        }

        var end = NewEvent(EndType(failed), DurationUs);
        if (failed)
        {
            RunAttributes.AddText(end.Attributes, "error", GenAiTags.ErrorOf(_activity));
        }

        Tell(end, EndUs);
        if (!_hasInnerCalls)
        {
            TellRequests();
        }

        for (var span = _kind == GenAiKind.Inference ? _parent : null; span is not null; span = span._parent)
        {
            span._hasInnerCalls = true;
        }
    }

    private EventType EndType(bool failed) => (_isCall, _isGraph, failed) switch
    {
        (true, _, false) => EventType.LlmEnd,
        (true, _, true) => EventType.LlmError,
        (_, true, false) => EventType.GraphEnd,
        (_, true, true) => EventType.GraphError,
        (_, _, false) => EventType.NodeEnd,
        (_, _, true) => EventType.NodeError,
    };

    // What a span that only wraps others says about tokens was said by those inside it.
    private void TellTokens(bool failed)
    {
        var usage = GenAiTags.Usage(_activity);
        var reason = GenAiTags.FinishReason(_activity);
        var text = string.Concat(OutputParts().Where(part => part.Type == "text").Select(part => part.Text));
        if (failed || (usage is null && text.Length == 0 && (reason is null || !_isCall)))
        {
            return;
        }

        var chunk = new TokenChunk
        {
            RequestId = RequestId,
            Text = text,
            IsFinal = true,
            FinishReason = GenAiKinds.ReasonOf(reason),
            Model = GenAiTags.Text(_activity, GenAiNames.ResponseModel) ?? GenAiTags.Text(_activity, GenAiNames.RequestModel) ?? "",
        };
        if (usage is { } counts)
        {
            chunk.Stats = RunTokens.StatsOf(counts.Prompt, counts.Completion);
            _thread!.AddTokens(counts);
        }

        Tell(chunk, EndUs);
    }

    private void TellRequests()
    {
        foreach (var call in OutputParts().Where(part => part.Type == "tool_call"))
        {
            _thread!.OpenCall(call.Id, call.Name);
            Tell(new ToolExecution { CallId = call.Id, ToolName = call.Name, Stage = ExecutionStage.Requested, Arguments = RunJson.Of(call.Text) }, EndUs);
        }
    }

    // A tool that ran without a span of its own shows only in what the model is told next.
    private void TellAnswers()
    {
        if (!_thread!.HasOpenCalls)
        {
            return;
        }

        foreach (var answer in _recording.PartsOf(_activity, GenAiNames.InputMessages).Where(part => part.Type == "tool_call_response"))
        {
            if (_thread.CloseCall(answer.Id) is { } toolName)
            {
                Tell(new ToolExecution { CallId = answer.Id, ToolName = toolName, Stage = ExecutionStage.Completed, Result = RunJson.Of(answer.Text) }, StartUs);
            }
        }
    }

    private void TellTool(ExecutionStage stage)
    {
        var toolName = GenAiTags.Text(_activity, GenAiNames.ToolName) ?? GenAiKinds.Target(_activity);
        _callId ??= GenAiTags.Text(_activity, GenAiNames.ToolCallId) ?? _thread!.OpenCallOf(toolName) ?? RequestId;
        _thread!.CloseCall(_callId);
        var execution = new ToolExecution { CallId = _callId, ToolName = toolName, Stage = stage };
        if (stage == ExecutionStage.Started)
        {
            execution.Arguments = RunJson.Of(_recording.ContentOf(_activity, GenAiNames.ToolArguments));
            _cause = Tell(execution, StartUs);
            return;
        }

        execution.DurationUs = DurationUs;
        if (stage == ExecutionStage.Failed)
        {
            execution.Error = GenAiTags.ErrorOf(_activity);
        }
        else
        {
            execution.Result = RunJson.Of(_recording.ContentOf(_activity, GenAiNames.ToolResult));
        }

        Tell(execution, EndUs);
    }

    private IReadOnlyList<GenAiPart> OutputParts() => _recording.PartsOf(_activity, GenAiNames.OutputMessages);

    private Event NewEvent(EventType type, long durationUs = 0)
    {
        var isStart = durationUs == 0;
        var body = new Event { EventType = type, NodeId = _nodeId, DurationUs = durationUs, LlmRequestId = _isCall ? RequestId : "" };
        if (isStart)
        {
            RunAttributes.AddText(body.Attributes, "trace_id", _activity.TraceId.ToHexString());
            RunAttributes.AddText(body.Attributes, "span_id", _activity.SpanId.ToHexString());
            RunAttributes.AddText(body.Attributes, "parent_span_id", _activity.ParentSpanId == default ? "" : _activity.ParentSpanId.ToHexString());
            RunAttributes.AddText(body.Attributes, "source", _activity.Source.Name);
        }

        foreach (var (name, value) in _activity.TagObjects)
        {
            if (!(isStart && GenAiNames.IsOutcome(name)) && _told.Add(name))
            {
                _recording.AddTag(body, name, value);
            }
        }

        return body;
    }

    private ByteString Tell(DashStreamMessage message, long timestampUs) => _thread!.Tell(message, _cause, timestampUs);
}
