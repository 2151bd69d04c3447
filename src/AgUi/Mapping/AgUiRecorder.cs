using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.AgUi;

/// <summary>
/// Turns AG-UI events into messages for any producer: tokens, tool calls, states and errors as what they are, the rest as events. What a message has no place
/// for rides in attributes, so that <see cref="AgUiTranslator"/> gives back every event with every field. One recorder for one stream; not safe to use concurrently.
/// </summary>
public sealed class AgUiRecorder
{
    private const long FirstMillisecond = 10_000_000_000;
    private const long LatestSecond = 100_000_000_000;
    private const long LatestMillisecond = LatestSecond * 1000;

    private readonly string? _givenThread;
    private readonly AgUiRecorderOptions _options;
    private readonly AgUiRestorer _restorer = new();
    private readonly AgUiCalls _calls;
    private readonly AgUiChunks _chunks = new();
    private readonly Dictionary<string, uint> _pieces = [];
    private ReadOnlyMemory<byte>? _state;
    private string? _thread;

    /// <summary>Makes a recorder.</summary>
    /// <param name="threadId">The thread to record into; null for the one that each RUN_STARTED names.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    public AgUiRecorder(string? threadId = null, AgUiRecorderOptions? options = null)
    {
        _givenThread = _thread = threadId;
        _options = AgUiRecorderOptions.Checked(options);
        _calls = new AgUiCalls(_options.MaxArgumentBytes);
    }

    /// <summary>Sends all events of a stream through a producer, each when the one before it is stored.</summary>
    /// <param name="producer">Where they go.</param>
    /// <param name="events">The events.</param>
    /// <param name="cancellationToken">Ends it between two events.</param>
    /// <returns>How many events were stored.</returns>
    /// <exception cref="StreamException">A message was not stored; what came before it was.</exception>
    public async ValueTask<long> RecordAsync(DashStreamProducer producer, IAsyncEnumerable<AgUiEvent> events, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(producer);
        ArgumentNullException.ThrowIfNull(events);
        var count = 0L;
        await foreach (var item in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            foreach (var message in Map(item))
            {
                await producer.SendAsync(message, cancellationToken).ConfigureAwait(false);
            }

            count++;
        }

        return count;
    }

    /// <summary>The messages that an event becomes, in the order in which they must be sent.</summary>
    /// <param name="item">The next event of the stream. Events that break the protocol are kept as they are.</param>
    /// <exception cref="StreamException">No thread is known yet (<see cref="StreamErrorKind.InvalidRequest"/>), or a limit is reached.</exception>
    public IReadOnlyList<DashStreamMessage> Map(AgUiEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (item.Type == AgUiEventType.RunStarted)
        {
            Begin(item);
        }

        var messages = new List<DashStreamMessage>(2);
        foreach (var (type, id) in _chunks.Close(item))
        {
            messages.Add(type == AgUiEventType.TextMessageChunk ? Bracket(EventType.LlmEnd, id, null) : EndChunkedCall(id));
        }

        if (_chunks.Open(item) is { } opened && item.Type == AgUiEventType.TextMessageChunk)
        {
            messages.Add(Bracket(EventType.LlmStart, opened, item));
        }

        Add(item, Main(item) ?? Plain(item), messages);
        return messages;
    }

    private void Begin(AgUiEvent item)
    {
        _thread = _givenThread ?? item.ThreadId ?? _thread;
        _chunks.Clear();
        _pieces.Clear();
        _calls.Clear();
        if (item.TryGet("input", out var input) && AgUiJson.TryMember(input, "state", out var state) && !JsonScalar.IsNull(state.Span))
        {
            _state = state.ToArray();
        }
    }

    private void Add(AgUiEvent item, DashStreamMessage main, List<DashStreamMessage> messages)
    {
        if (main.Event is { } own)
        {
            if (item.Type == AgUiEventType.RunStarted && item.Timestamp is { } time and > 0 and < LatestMillisecond)
            {
                AgUiMarks.Put(own.Attributes, AgUiMarks.Times, time < FirstMillisecond ? "s" : "ms");
            }

            _restorer.Prepare(own);
        }

        SetTime(item, MessageParts.HeaderOf(main)!);
        var told = _restorer.Draft(main)!;
        var difference = AgUiDifference.Between(item, told, _restorer.TellsTimes);
        // Without an event of ours before it, a token or a state would be taken for somebody else's.
        if (!difference.IsEmpty || !_restorer.IsActive)
        {
            Carry(difference, main, messages);
        }

        messages.Add(main);
        _restorer.Follow(item);
    }

    /// <summary>In runs whose events have times, the message has the event's; in others the producer sets it.</summary>
    private static void SetTime(AgUiEvent item, Header header)
    {
        if (item.Timestamp is { } time and > 0 and < LatestMillisecond)
        {
            header.TimestampUs = time * AgUiRestorer.UnitOf(time < FirstMillisecond ? "s" : "ms");
        }
    }

    private void Carry(AgUiDifference difference, DashStreamMessage main, List<DashStreamMessage> messages)
    {
        if (main.Error is { } error)
        {
            if (difference.Set is not null)
            {
                error.Context[AgUiMarks.Set] = difference.Set;
            }

            if (difference.Unset is not null)
            {
                error.Context[AgUiMarks.Unset] = difference.Unset;
            }

            return;
        }

        var carrier = main.Event;
        if (carrier is null)
        {
            carrier = new Event { Header = NewHeader() };
            AgUiMarks.Put(carrier.Attributes, AgUiMarks.Next, "");
            messages.Add(new DashStreamMessage { Event = carrier });
        }

        AgUiMarks.Put(carrier.Attributes, AgUiMarks.Set, difference.Set);
        AgUiMarks.Put(carrier.Attributes, AgUiMarks.Unset, difference.Unset);
    }

    /// <summary>The message that tells most of an event; null where there is none of its own.</summary>
    private DashStreamMessage? Main(AgUiEvent item)
    {
        switch (item.Type)
        {
            case AgUiEventType.TextMessageContent when item.MessageId is { } id && item.Delta is { } text:
                return Piece(id, text);
            case AgUiEventType.TextMessageChunk when (item.MessageId ?? _chunks.OpenOf(item)) is { } id:
                return Piece(id, item.Delta ?? "");
            case AgUiEventType.ToolCallStart when item.ToolCallId is { } call:
                _calls.Start(call, item.ToolCallName);
                return null;
            case AgUiEventType.ToolCallArgs when item.ToolCallId is { } call:
                _calls.Add(call, item.Delta);
                return null;
            case AgUiEventType.ToolCallChunk when (item.ToolCallId ?? _chunks.OpenOf(item)) is { } call:
                _calls.Start(call, item.ToolCallName);
                _calls.Add(call, item.Delta);
                return null;
            case AgUiEventType.ToolCallEnd when item.ToolCallId is { } call && _restorer.HasCall(call):
                return Tool(call, ExecutionStage.Requested, _calls.End(call), ByteString.Empty);
            case AgUiEventType.ToolCallResult when item.ToolCallId is { Length: > 0 } call && item.TryGet("content", out var content):
                return Tool(call, ExecutionStage.Completed, ByteString.Empty, AgUiCalls.ResultOf(item.Text("content"), content));
            case AgUiEventType.StateSnapshot when item.TryGet("snapshot", out var snapshot):
                return Whole(snapshot);
            case AgUiEventType.StateDelta when item.TryGet("delta", out var delta):
                return Change(delta);
            case AgUiEventType.RunError when item.Message is { } why:
                var error = new Error { Header = NewHeader(), Message = why, ErrorCode = item.Code ?? "", Severity = Error.Types.Severity.Fatal };
                error.Context[AgUiMarks.Type] = item.TypeName;
                return new DashStreamMessage { Error = error };
            default:
                return null;
        }
    }

    private DashStreamMessage Plain(AgUiEvent item)
    {
        var places = AgUiPlaces.Of(item.Type);
        var body = new Event { Header = NewHeader(), EventType = places.Kind };
        AgUiMarks.Put(body.Attributes, AgUiMarks.Type, item.TypeName);
        places.Store(item, body);
        return new DashStreamMessage { Event = body };
    }

    private DashStreamMessage Piece(string id, string text)
    {
        var number = _pieces.GetValueOrDefault(id);
        _pieces[id] = number + 1;
        return new DashStreamMessage { TokenChunk = new TokenChunk { Header = NewHeader(), RequestId = id, Text = text, ChunkIndex = number } };
    }

    private DashStreamMessage Tool(string call, ExecutionStage stage, ByteString arguments, ByteString result) => new()
    {
        ToolExecution = new ToolExecution
        {
            Header = NewHeader(),
            CallId = call,
            ToolName = _calls.NameOf(call),
            Stage = stage,
            Arguments = arguments,
            Result = result,
        },
    };

    private DashStreamMessage Whole(ReadOnlyMemory<byte> snapshot)
    {
        _state = snapshot.ToArray();
        return new DashStreamMessage { StateDiff = new StateDiff { Header = NewHeader(), FullState = ByteString.CopyFrom(snapshot.Span), StateHash = HashOf(_state.Value) } };
    }

    /// <summary>A patch that does not fit the state goes out as an event: no reader of states is given one that it would have to refuse.</summary>
    private DashStreamMessage? Change(ReadOnlyMemory<byte> delta)
    {
        try
        {
            var patch = StatePatch.Parse(delta, _options.State);
            var diff = new StateDiff { Header = NewHeader() };
            diff.Operations.Add(patch.Operations.Select(operation => new DiffOperation
            {
                Op = (DiffOperation.Types.OpType)operation.Kind,
                Path = operation.Path,
                Value = ByteString.CopyFrom(operation.Value.Span),
                From = operation.From ?? "",
            }));
            if (_state is { } state)
            {
                _state = patch.ApplyTo(state, options: _options.State);
                diff.StateHash = HashOf(_state.Value);
            }

            return new DashStreamMessage { StateDiff = diff };
        }
        catch (StreamException)
        {
            return null;
        }
    }

    private ByteString HashOf(ReadOnlyMemory<byte> state)
    {
        try
        {
            return ByteString.CopyFrom(StateHash.Of(state, _options.State).ToArray());
        }
        catch (StreamException)
        {
            // A state that cannot be hashed goes without, which readers allow.
            return ByteString.Empty;
        }
    }

    private DashStreamMessage EndChunkedCall(string call)
    {
        _restorer.EndChunkedCall(call);
        return Tool(call, ExecutionStage.Requested, _calls.End(call), ByteString.Empty);
    }

    /// <summary>What opens or, without an event, ends a message that comes in chunks.</summary>
    private DashStreamMessage Bracket(EventType kind, string id, AgUiEvent? first)
    {
        var body = new Event { Header = NewHeader(), EventType = kind, LlmRequestId = id };
        AgUiMarks.Put(body.Attributes, AgUiMarks.Chunked, first is null ? "end" : "open");
        AgUiMarks.Put(body.Attributes, AgUiMarks.Set, first is null ? null : AgUiChunks.RepeatedBy(first));
        _pieces.Remove(id);
        _restorer.Prepare(body);
        return new DashStreamMessage { Event = body };
    }

    private Header NewHeader() => new()
    {
        ThreadId = _thread ?? throw new StreamException(
            StreamErrorKind.InvalidRequest, "The stream has named no thread yet: begin it with a RUN_STARTED that has a threadId, or give the recorder a thread."),
    };
}
