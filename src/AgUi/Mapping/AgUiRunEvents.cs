using System.Text.Json;
using DashStream.Protocol;
using DashStream.State;

namespace DashStream.AgUi;

/// <summary>Messages that were not recorded from AG-UI, as a stream that keeps the protocol.</summary>
internal sealed class AgUiRunEvents
{
    private readonly AgUiTold _told = new();
    private readonly AgUiOpenItems _open = new();
    private readonly AgUiToolEvents _tools;
    private readonly AgUiUsage _usage = new();
    private readonly List<string> _innerRuns = [];
    private readonly List<(string Id, string Reason)> _interrupts = [];
    private string _threadId = "";
    private string? _runId;
    private bool _hadRun;

    public AgUiRunEvents() => _tools = new AgUiToolEvents(_told, _open);

    /// <summary>Null while a run is open.</summary>
    public char? Quiet => _runId is not null ? null : _hadRun ? AgUiQuiet.Finished : AgUiQuiet.Nothing;

    public void BeginFinished() => _hadRun = true;

    public IReadOnlyList<AgUiEvent> Translate(DashStreamMessage message)
    {
        _told.Begin();
        if (MessageParts.HeaderOf(message) is { } header)
        {
            _threadId = header.ThreadId;
            _told.SetTime(header.TimestampUs / 1000);
        }

        if (message.Event?.EventType == EventType.GraphStart)
        {
            Start(message.Event);
        }
        else if (_runId is not null || BeginsWithoutStart())
        {
            Tell(message);
        }

        return _told.ToArray();
    }

    /// <summary>A thread may have no run; its messages are told in one that stands for the thread. What follows a run's end is not told.</summary>
    private bool BeginsWithoutStart()
    {
        if (_hadRun)
        {
            return false;
        }

        Open(_threadId, null);
        return true;
    }

    private void Tell(DashStreamMessage message)
    {
        switch (message.MessageCase)
        {
            case DashStreamMessage.MessageOneofCase.Event:
                TellEvent(message.Event, message);
                break;
            case DashStreamMessage.MessageOneofCase.TokenChunk:
                TellPiece(message.TokenChunk);
                break;
            case DashStreamMessage.MessageOneofCase.ToolExecution:
                _tools.Tell(message.ToolExecution, message);
                break;
            case DashStreamMessage.MessageOneofCase.StateDiff:
                TellState(message.StateDiff, message);
                break;
            default:
                _told.AddCustom(message);
                break;
        }
    }

    private void Start(Event start)
    {
        var runId = AgUiMarks.Text(start.Attributes, "run_id") ?? IdOf(start.Header);
        if (_runId is null)
        {
            Open(runId, start);
        }
        else
        {
            var name = AgUiMarks.Text(start.Attributes, "graph_name") ?? runId;
            _innerRuns.Add(name);
            _told.Add(AgUiEventType.StepStarted, ("stepName", _open.OpenStep(name)));
        }
    }

    private void Open(string runId, Event? start)
    {
        (_runId, _hadRun) = (runId, true);
        _open.Clear();
        _usage.Clear();
        _interrupts.Clear();
        _told.Add(AgUiEventType.RunStarted, ("threadId", _threadId), ("runId", runId));
        if (start is not null && start.Attributes.Count > 1)
        {
            _told.AddCustom(new DashStreamMessage { Event = start });
        }
    }

    private void TellEvent(Event told, DashStreamMessage message)
    {
        switch (told.EventType)
        {
            case EventType.GraphEnd or EventType.GraphError when _innerRuns.Count > 0:
                var inner = _innerRuns[^1];
                _innerRuns.RemoveAt(_innerRuns.Count - 1);
                CloseStep(inner);
                break;
            case EventType.GraphEnd:
                Finish();
                break;
            case EventType.GraphError:
                Fail(told);
                break;
            case EventType.NodeStart:
                _told.Add(AgUiEventType.StepStarted, ("stepName", _open.OpenStep(told.NodeId)));
                break;
            case EventType.NodeEnd:
                CloseStep(told.NodeId);
                break;
            case EventType.NodeError:
                _told.AddCustom(message);
                CloseStep(told.NodeId);
                break;
            case EventType.NodeThinking:
                Think(told);
                break;
            case EventType.LlmEnd or EventType.LlmError:
                CloseMessage(told.LlmRequestId);
                _told.AddCustom(message);
                break;
            case EventType.HumanInterrupt:
                _interrupts.Add((IdOf(told.Header), AgUiMarks.Text(told.Attributes, "reason") ?? "interrupted"));
                goto default;
            case EventType.HumanResume:
                _interrupts.Clear();
                goto default;
            default:
                _told.AddCustom(message);
                break;
        }
    }

    private void TellPiece(TokenChunk piece)
    {
        if (piece.Text.Length > 0)
        {
            var id = _open.OpenMessage(piece.RequestId, out var isNew);
            if (isNew)
            {
                _told.Add(AgUiEventType.TextMessageStart, ("messageId", id), ("role", "assistant"));
            }

            _told.Add(AgUiEventType.TextMessageContent, ("messageId", id), ("delta", piece.Text));
        }

        if (piece.IsFinal)
        {
            CloseMessage(piece.RequestId);
            _usage.Add(piece);
        }
    }

    private void TellState(StateDiff diff, DashStreamMessage message)
    {
        try
        {
            var draft = diff.FullState.IsEmpty
                ? new AgUiDraft(AgUiEventType.StateDelta).SetJson("delta", diff.ToPatch().Json)
                : new AgUiDraft(AgUiEventType.StateSnapshot).SetJson("snapshot", diff.FullState.Memory);
            _told.Add(draft.ToEvent());
        }
        catch (StreamException)
        {
            // Not JSON, or encoded otherwise: told as what it is.
            _told.AddCustom(message);
        }
    }

    private void Think(Event told)
    {
        var id = _open.Unused(IdOf(told.Header));
        _told.Add(AgUiEventType.ReasoningMessageStart, ("messageId", id), ("role", "reasoning"));
        _told.Add(AgUiEventType.ReasoningMessageContent, ("messageId", id), ("delta", AgUiMarks.Text(told.Attributes, "thought") ?? ""));
        _told.Add(AgUiEventType.ReasoningMessageEnd, ("messageId", id));
    }

    private void Finish()
    {
        foreach (var id in _open.TakeMessages())
        {
            _told.Add(AgUiEventType.TextMessageEnd, ("messageId", id));
        }

        foreach (var step in _open.TakeSteps())
        {
            _told.Add(AgUiEventType.StepFinished, ("stepName", step));
        }

        var draft = new AgUiDraft(AgUiEventType.RunFinished).Set("threadId", _threadId).Set("runId", _runId);
        if (_interrupts.Count > 0)
        {
            var interrupts = _interrupts.Select(one => new { id = one.Id, reason = one.Reason });
            draft.SetJson("outcome", JsonSerializer.SerializeToUtf8Bytes(new { type = "interrupt", interrupts }));
        }

        if (_usage.ToJson() is { } usage)
        {
            draft.SetJson("usage", usage);
        }

        _told.Add(draft.ToEvent());
        _runId = null;
    }

    private void Fail(Event told)
    {
        var draft = new AgUiDraft(AgUiEventType.RunError).Set("message", AgUiMarks.Text(told.Attributes, "error") ?? "The run failed.")
            .Set("code", AgUiMarks.Text(told.Attributes, "error_type"));
        if (_usage.ToJson() is { } usage)
        {
            draft.SetJson("usage", usage);
        }

        _told.Add(draft.ToEvent());
        _innerRuns.Clear();
        _runId = null;
    }

    private void CloseStep(string node)
    {
        if (_open.CloseStep(node) is { } step)
        {
            _told.Add(AgUiEventType.StepFinished, ("stepName", step));
        }
    }

    private void CloseMessage(string request)
    {
        if (_open.CloseMessage(request) is { } id)
        {
            _told.Add(AgUiEventType.TextMessageEnd, ("messageId", id));
        }
    }

    private static string IdOf(Header? header) => header is { MessageId.Length: 16 } ? new Guid(header.MessageId.Span, bigEndian: true).ToString() : "unnamed";
}
