using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.Protocol;
using DashStream.Runs;
using Google.Protobuf;

namespace DashStream;

/// <summary>
/// The record of one agent run, made by <see cref="DashStreamRuns.Start"/>. Every call is told to the queue and returns at once; none throws for what the
/// stream does. Messages get their numbers, in the order of the calls, when they are handed over. Thread-safe: branches that run side by side record side by
/// side, and each message names the one that caused it by where in the asynchronous flow it was told. End it with <see cref="Complete"/> or <see cref="Fail"/>;
/// disposal without either records the run as aborted.
/// </summary>
public sealed class DashStreamRun : IDisposable
{
    private readonly DashStreamRuns _runs;
    private readonly RunLane _lane;
    private RunFrame _root;
    private int _modelCalls;
    private int _toolCalls;
    private int _ended;

    internal DashStreamRun(DashStreamRuns runs, RunLane lane)
    {
        _runs = runs;
        _lane = lane;
        RunId = Guid.NewGuid().ToString();
        Trace = new RunTrace(lane.ThreadId, RunId, runs.Options, runs.Time);
        _root = new RunFrame(this, null, ByteString.Empty, "", null);
    }

    /// <summary>The thread that holds the record.</summary>
    public string ThreadId => _lane.ThreadId;

    /// <summary>The id of this run within its thread, which is the <c>execution_id</c> of its trace.</summary>
    public string RunId { get; }

    internal RunTrace Trace { get; }

    internal TimeProvider Time => _runs.Time;

    /// <summary>A node runs from now until the result is disposed, which counts as success unless it was told otherwise.</summary>
    /// <param name="name">The node's name.</param>
    /// <param name="attributes">Attributes of the start.</param>
    public RunNode Node(string name, params ReadOnlySpan<(string Name, object? Value)> attributes) => new(this, name ?? "", attributes);

    /// <summary>Runs a node's work and records its end, or its error, which is thrown on.</summary>
    public async Task<T> NodeAsync<T>(string name, Func<RunNode, Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var node = Node(name);
        try
        {
            return await work(node).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            node.Fail(e);
            throw;
        }
    }

    /// <inheritdoc cref="NodeAsync{T}"/>
    public Task NodeAsync(string name, Func<RunNode, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return NodeAsync(name, async node =>
        {
            await work(node).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>A model is called from now until the result is disposed.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="requestId">The call's id; null makes one from thread and count.</param>
    /// <param name="attributes">Attributes of the start.</param>
    public RunModelCall ModelCall(string model, string? requestId = null, params ReadOnlySpan<(string Name, object? Value)> attributes) =>
        new(this, model ?? "", requestId ?? $"{RunId}/{Interlocked.Increment(ref _modelCalls)}", attributes);

    /// <summary>A tool is asked for, and called from now until its outcome is told.</summary>
    /// <param name="name">The tool's name.</param>
    /// <param name="arguments">The arguments as JSON; other text is recorded as a JSON string.</param>
    /// <param name="callId">The call's id, such as the model gave it; null makes one.</param>
    public RunToolCall Tool(string name, string? arguments = null, string? callId = null) =>
        new(this, name ?? "", RunJson.Of(arguments), callId ?? $"{RunId}/tool-{Interlocked.Increment(ref _toolCalls)}");

    /// <summary>Branches run side by side from now until the result is disposed.</summary>
    public RunParallel Parallel(params ReadOnlySpan<string> branches) => new(this, branches);

    /// <summary>Control passed from one node to another.</summary>
    public void Edge(string from, string to) => Tell(EventType.EdgeTraversal, to, 0, ("from", from), ("to", to));

    /// <summary>A condition chose where to go on.</summary>
    /// <param name="node">Where the choice was made.</param>
    /// <param name="chosen">The node that was chosen.</param>
    /// <param name="condition">What was decided on, or null.</param>
    public void Branch(string node, string chosen, string? condition = null) =>
        Tell(EventType.ConditionalBranch, node, 0, ("chosen", chosen), ("condition", condition));

    /// <summary>The run waits for a person.</summary>
    public void Interrupt(string reason, params ReadOnlySpan<(string Name, object? Value)> attributes) =>
        Tell(EventType.HumanInterrupt, Here.NodeId, 0, [("reason", reason), .. attributes]);

    /// <summary>A person answered and the run goes on.</summary>
    public void Resume(string answer, params ReadOnlySpan<(string Name, object? Value)> attributes) =>
        Tell(EventType.HumanResume, Here.NodeId, 0, [("answer", answer), .. attributes]);

    /// <summary>The run's state is now this: sent as a patch from the state before, or whole. Equal states are not sent.</summary>
    /// <param name="json">The state as UTF-8 JSON; copied.</param>
    public void State(ReadOnlySpan<byte> json) => TellState(json.ToArray());

    /// <summary>The same for a state as a tree; it may be changed again when the call returns.</summary>
    public void State(JsonNode? state) => State(state, JsonSerializerOptions.Default);

    /// <summary>The run's state is now this value, as JSON.</summary>
    /// <param name="state">The state.</param>
    /// <param name="options">How it becomes JSON; null for the serializer's defaults. A state that cannot be written is counted as lost.</param>
    public void State<T>(T state, JsonSerializerOptions? options)
    {
        byte[] json;
        try
        {
            json = JsonSerializer.SerializeToUtf8Bytes(state, options);
        }
        catch (Exception e) when (!_runs.Options.ThrowOnLoss)
        {
            // The application's own converters and properties run here.
            _runs.Refuse(MessageType.StateDiff, e);
            return;
        }

        TellState(json);
    }

    /// <summary>Sends a checkpoint of the last state, from which a reader can begin. Without a state nothing is sent.</summary>
    public void Checkpoint()
    {
        if (Volatile.Read(ref _ended) == 0)
        {
            _runs.RequestCheckpoint(_lane);
        }
    }

    /// <summary>Something went wrong that the run survives.</summary>
    public void Error(Exception error, Error.Types.Severity severity = Protocol.Error.Types.Severity.Error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Tell(RunError.MessageOf(error, severity));
        Trace.AddError(Here.NodeId, RunError.CodeOf(error), RunError.TextOf(error), recovered: true);
    }

    /// <summary>Something was measured.</summary>
    /// <param name="scope">What, for example <c>graph</c>, <c>node</c> or <c>tool</c>.</param>
    /// <param name="scopeId">Which one of them.</param>
    /// <param name="values">Numbers, texts and truth values by name; usual names are in the schema.</param>
    public void Metrics(string scope, string scopeId, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var metrics = new Metrics { Scope = scope ?? "", ScopeId = scopeId ?? "" };
        RunMetricValue.AddTo(metrics.Metrics_, values);
        Tell(metrics);
    }

    /// <summary>Any other event: memory, checkpoints of the application's own, tuning.</summary>
    public void Event(EventType type, string nodeId = "", params ReadOnlySpan<(string Name, object? Value)> attributes) => Tell(type, nodeId, 0, attributes);

    /// <summary>Any message. What its header lacks is filled in, on a copy; thread and tenant become the run's.</summary>
    public void Record(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var copy = message.Clone();
        if (RunHeaders.TryFill(copy, _lane, Here.Cause))
        {
            Tell(copy);
        }
        else
        {
            _runs.Refuse(MessageType.Unspecified, new StreamException(StreamErrorKind.InvalidRequest, "The message has no body: set one of its nine kinds."));
        }
    }

    /// <summary>The run has come to its end. Sends the graph's end and the trace; what is told later is lost.</summary>
    /// <param name="attributes">Attributes of the end, such as what it was worth.</param>
    public void Complete(params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        if (TryEnd())
        {
            TellEnd(EventType.GraphEnd, attributes, completed: true);
        }
    }

    /// <summary>The run failed. Sends the error, the graph's error and the trace; what is told later is lost.</summary>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (TryEnd())
        {
            Send(RunError.MessageOf(error, Protocol.Error.Types.Severity.Fatal));
            Trace.AddError(Here.NodeId, RunError.CodeOf(error), RunError.TextOf(error), recovered: false);
            TellEnd(EventType.GraphError, [("error", RunError.TextOf(error)), ("error_type", RunError.TypeOf(error))], completed: false);
        }
    }

    /// <summary>Records the run as aborted unless its end was told.</summary>
    public void Dispose() => Abort("The run was disposed before its end was told.");

    internal void Begin(RunGraph? graph, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var around = RunFrame.Current;
        var start = new Event { EventType = EventType.GraphStart };
        RunGraphAttributes.Add(start.Attributes, graph);
        RunAttributes.Add(start.Attributes, "run_id", RunId);
        RunAttributes.AddTo(start.Attributes, attributes);
        _root = new RunFrame(this, around, Send(start, around?.Cause ?? ByteString.Empty), "", null).Enter();
    }

    internal void Abort(string why)
    {
        if (TryEnd())
        {
            Trace.AddError(Here.NodeId, "aborted", why, recovered: false);
            TellEnd(EventType.GraphError, [("error", why), ("aborted", true)], completed: false);
        }
    }

    /// <summary>Where the calling flow stands in this run.</summary>
    internal RunFrame Here => RunFrame.CurrentOf(this) ?? _root;

    /// <summary>Records an event.</summary>
    /// <returns>Its id, or, when it was lost, that of what caused it.</returns>
    internal ByteString Tell(EventType type, string? nodeId, long durationUs, params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var body = new Event { EventType = type, NodeId = nodeId ?? "", DurationUs = durationUs };
        RunAttributes.AddTo(body.Attributes, attributes);
        return Tell(body);
    }

    /// <summary>Records a message of a frame, or of where the calling flow stands.</summary>
    /// <returns>Its id, or, when it was lost, that of what caused it.</returns>
    internal ByteString Tell(DashStreamMessage message, RunFrame? frame = null)
    {
        var cause = (frame ?? Here).Cause;
        if (Volatile.Read(ref _ended) != 0)
        {
            _runs.Ledger.Drop(MessageParts.TypeOf(message), RunLoss.RunEnded);
            return cause;
        }

        return Send(message, cause);
    }

    /// <summary>Records a message with a cause and a time of its own.</summary>
    internal ByteString TellAsOf(DashStreamMessage message, ByteString cause, long timestampUs)
    {
        RunHeaders.Set(message, _lane.NewHeader(cause, timestampUs));
        if (Volatile.Read(ref _ended) == 0)
        {
            return Send(message, cause, mayThrow: false);
        }

        _runs.Ledger.Drop(MessageParts.TypeOf(message), RunLoss.RunEnded);
        return cause;
    }

    internal bool IsRecordedBy(DashStreamRuns runs) => _runs == runs;

    private void TellState(byte[] json)
    {
        if (Volatile.Read(ref _ended) != 0)
        {
            _runs.Ledger.Drop(MessageType.StateDiff, RunLoss.RunEnded);
        }
        else if (_runs.Record(_lane, new StateSnapshot(_lane.NewHeader(Here.Cause), json)))
        {
            Trace.SetState(json);
        }
    }

    private bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    private void TellEnd(EventType type, ReadOnlySpan<(string Name, object? Value)> attributes, bool completed)
    {
        var end = new Event { EventType = type, DurationUs = RunTime.Us(Trace.Elapsed) };
        RunAttributes.AddTo(end.Attributes, attributes);
        var id = Send(end, _root.Cause);
        Send(Trace.End(_lane.NewHeader(id), completed), id);
        _root.TryClose();
        _runs.Forget(this);
    }

    private ByteString Send(DashStreamMessage message) => Send(message, Here.Cause);

    private ByteString Send(DashStreamMessage message, ByteString cause, bool mayThrow = true)
    {
        RunHeaders.TryFill(message, _lane, cause);
        return _runs.Record(_lane, message, mayThrow) ? MessageParts.HeaderOf(message)!.MessageId : cause;
    }
}
