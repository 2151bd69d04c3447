using System.Globalization;
using System.Text;
using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.AgUi;

/// <summary>
/// Gives back the AG-UI events that messages were recorded from. The recorder uses it too, to see what a message does not tell by itself: so nothing is lost
/// by construction.
/// </summary>
internal sealed class AgUiRestorer
{
    private const long MicrosecondsPerMillisecond = 1000;
    private const long MicrosecondsPerSecond = 1_000_000;

    private readonly HashSet<string> _calls = [];
    private readonly HashSet<string> _chunkedCalls = [];
    private readonly Dictionary<string, AgUiDifference> _chunked = [];
    private AgUiDifference? _next;
    private long _unit;

    /// <summary>Whether anything recorded from AG-UI was seen; until then, messages are those of somebody else.</summary>
    public bool IsActive { get; private set; }

    public bool IsRunOpen { get; private set; }

    public bool TellsTimes => _unit != 0;

    /// <summary>Null while calls or chunks are open, or a message is prepared.</summary>
    public char? Quiet => _calls.Count + _chunkedCalls.Count + _chunked.Count == 0 && _next is null ? AgUiQuiet.Of(_unit, IsRunOpen) : null;

    public void BeginAt(char quiet)
    {
        (_unit, IsRunOpen) = AgUiQuiet.Read(quiet);
        IsActive = true;
    }

    public static long UnitOf(string? name) => name switch { "ms" => MicrosecondsPerMillisecond, "s" => MicrosecondsPerSecond, _ => 0 };

    public static bool IsOurs(Event source) =>
        source.Attributes.ContainsKey(AgUiMarks.Type) || source.Attributes.ContainsKey(AgUiMarks.Next) || source.Attributes.ContainsKey(AgUiMarks.Chunked);

    /// <summary>False when the message was not recorded from AG-UI. An event is given back for most that were; others only prepare or end something.</summary>
    public bool TryRestore(DashStreamMessage message, out AgUiEvent? found)
    {
        found = null;
        if (!Knows(message))
        {
            return false;
        }

        if (message.Event is { } source && Prepare(source))
        {
            return true;
        }

        if (Draft(message) is { } draft)
        {
            (_next ?? OwnDifference(message))?.ApplyTo(draft);
            found = draft.ToEvent();
            Follow(found);
        }

        _next = null;
        return true;
    }

    /// <summary>What a message tells by itself; null when it stands for no event.</summary>
    public AgUiDraft? Draft(DashStreamMessage message)
    {
        var draft = message.MessageCase switch
        {
            DashStreamMessage.MessageOneofCase.Event => OfEvent(message.Event),
            DashStreamMessage.MessageOneofCase.TokenChunk => OfChunk(message.TokenChunk),
            DashStreamMessage.MessageOneofCase.ToolExecution => OfTool(message.ToolExecution),
            DashStreamMessage.MessageOneofCase.StateDiff => OfState(message.StateDiff),
            _ => new AgUiDraft(AgUiEventType.RunError).Set("message", message.Error.Message).Set("code", message.Error.ErrorCode is { Length: > 0 } code ? code : null),
        };
        if (draft is not null && _unit != 0 && MessageParts.HeaderOf(message) is { TimestampUs: not 0 } header)
        {
            draft.SetJson("timestamp", Encoding.ASCII.GetBytes((header.TimestampUs / _unit).ToString(CultureInfo.InvariantCulture)));
        }

        return draft;
    }

    /// <summary>Whether the event only prepares others; remembers what it says.</summary>
    public bool Prepare(Event source)
    {
        if (source.Attributes.ContainsKey(AgUiMarks.Next))
        {
            (_next, IsActive) = (DifferenceOf(source), true);
            return true;
        }

        if (AgUiMarks.Text(source.Attributes, AgUiMarks.Chunked) is { } side)
        {
            if (side == "open")
            {
                _chunked[source.LlmRequestId] = DifferenceOf(source);
            }
            else
            {
                _chunked.Remove(source.LlmRequestId);
            }

            return true;
        }

        if (AgUiMarks.Text(source.Attributes, AgUiMarks.Type) == "RUN_STARTED")
        {
            Reset(UnitOf(AgUiMarks.Text(source.Attributes, AgUiMarks.Times)));
        }

        return false;
    }

    /// <summary>Remembers what later messages depend on.</summary>
    public void Follow(AgUiEvent item)
    {
        IsActive = true;
        IsRunOpen = item.Type is not AgUiEventType.RunFinished and not AgUiEventType.RunError;
        if (item.ToolCallId is { } call)
        {
            if (item.Type == AgUiEventType.ToolCallStart)
            {
                _calls.Add(call);
                _chunkedCalls.Remove(call);
            }
            else if (item.Type == AgUiEventType.ToolCallChunk)
            {
                _chunkedCalls.Add(call);
            }
            else if (item.Type == AgUiEventType.ToolCallEnd)
            {
                _calls.Remove(call);
            }
        }
    }

    public bool HasCall(string id) => _calls.Contains(id);

    /// <summary>Forgets what was prepared for a message that could not be given back.</summary>
    public void Drop() => _next = null;

    public void EndChunkedCall(string id) => _chunkedCalls.Remove(id);

    private bool Knows(DashStreamMessage message) => message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Event => IsOurs(message.Event),
        DashStreamMessage.MessageOneofCase.Error => message.Error.Context.ContainsKey(AgUiMarks.Type),
        DashStreamMessage.MessageOneofCase.TokenChunk or DashStreamMessage.MessageOneofCase.StateDiff => IsActive,
        DashStreamMessage.MessageOneofCase.ToolExecution => IsActive && message.ToolExecution.Stage is ExecutionStage.Requested or ExecutionStage.Completed,
        _ => false,
    };

    private void Reset(long unit)
    {
        _unit = unit;
        _calls.Clear();
        _chunkedCalls.Clear();
        _chunked.Clear();
        _next = null;
    }

    private static AgUiDraft OfEvent(Event source)
    {
        var draft = new AgUiDraft(AgUiMarks.Text(source.Attributes, AgUiMarks.Type) ?? "");
        AgUiPlaces.Of(AgUiTypeNames.TypeOf(draft.TypeName)).Restore(source, draft);
        return draft;
    }

    private AgUiDraft OfChunk(TokenChunk chunk)
    {
        var isChunked = _chunked.TryGetValue(chunk.RequestId, out var fields);
        var draft = new AgUiDraft(isChunked ? AgUiEventType.TextMessageChunk : AgUiEventType.TextMessageContent)
            .Set("messageId", chunk.RequestId).Set("delta", chunk.Text);
        fields?.ApplyTo(draft);
        return draft;
    }

    private AgUiDraft? OfTool(ToolExecution tool)
    {
        if (tool.Stage == ExecutionStage.Requested)
        {
            return _chunkedCalls.Remove(tool.CallId) ? null : new AgUiDraft(AgUiEventType.ToolCallEnd).Set("toolCallId", tool.CallId);
        }

        return new AgUiDraft(AgUiEventType.ToolCallResult).Set("messageId", tool.CallId).Set("toolCallId", tool.CallId).Set("content", TextOf(tool.Result));
    }

    private static AgUiDraft OfState(StateDiff diff) => diff.FullState.IsEmpty
        ? new AgUiDraft(AgUiEventType.StateDelta).SetJson("delta", diff.ToPatch().Json)
        : new AgUiDraft(AgUiEventType.StateSnapshot).SetJson("snapshot", diff.FullState.Memory);

    /// <summary>A result that is a JSON text, as that text; any other JSON as it is written.</summary>
    public static string TextOf(ByteString json) =>
        json.Length > 0 && json[0] == '"' ? JsonScalar.Text(json.Span) : json.ToStringUtf8();

    private static AgUiDifference DifferenceOf(Event source) =>
        new(AgUiMarks.Text(source.Attributes, AgUiMarks.Set), AgUiMarks.Text(source.Attributes, AgUiMarks.Unset));

    private static AgUiDifference? OwnDifference(DashStreamMessage message) => message.MessageCase switch
    {
        DashStreamMessage.MessageOneofCase.Event => DifferenceOf(message.Event),
        DashStreamMessage.MessageOneofCase.Error =>
            new(message.Error.Context.GetValueOrDefault(AgUiMarks.Set), message.Error.Context.GetValueOrDefault(AgUiMarks.Unset)),
        _ => null,
    };
}
