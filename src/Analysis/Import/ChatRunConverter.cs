using System.Globalization;
using System.Text;
using System.Text.Json;
using DashStream.Protocol;
using Google.Protobuf;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Analysis;

/// <summary>
/// Turns chat runs into the messages that a recorder at work would have sent: graph and node events, model calls, tool executions and state diffs.
/// Invents nothing that was not measured: durations and token counts stay unset, and times are those of the source or, marked <c>time_source=import</c>,
/// of the import. The same run gives the same message ids, so a second import can be recognised. Not safe for concurrent use: one converter an import.
/// </summary>
public sealed class ChatRunConverter
{
    private readonly ChatImportOptions _options;
    private readonly Dictionary<string, int> _threads = new(StringComparer.Ordinal);
    private long _lastUs;

    /// <summary>A converter for one import.</summary>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public ChatRunConverter(ChatImportOptions? options = null)
    {
        _options = options ?? new ChatImportOptions();
        _options.Validate();
    }

    /// <summary>
    /// The messages of one run, in order, without sequence numbers (the producer gives them). A thread id that this converter gave out before gets a
    /// number behind it, so two runs never share a thread.
    /// </summary>
    public IReadOnlyList<DashStreamMessage> Convert(ChatRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var fromSource = run.Messages.All(message => message.TimestampUs is not null);
        var script = new RunScript(ThreadOf(run), _options.TenantId, run.ContentHash, fromSource ? null : NextUs);

        script.At(run.Messages[0].TimestampUs);
        script.Add(GraphStart(run, fromSource));
        var toolNames = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < run.Messages.Count; i++)
        {
            script.At(run.Messages[i].TimestampUs);
            AddStep(script, run, i, toolNames);
        }

        AddEnd(script, run);
        return script.Messages;
    }

    private static void AddStep(RunScript script, ChatRun run, int index, Dictionary<string, string> toolNames)
    {
        var message = run.Messages[index];
        var start = new Event { EventType = EventType.NodeStart, NodeId = message.Role };
        start.Attributes["message_index"] = new AttributeValue { IntValue = index };
        script.Add(start);
        if (message.Role == "assistant")
        {
            AddModelCall(script, run, index, toolNames);
        }
        else if (message.Role == "tool")
        {
            script.Add(ToolOutcome(message, toolNames));
        }

        script.Add(Diff(message, isFirst: index == 0));
        script.Add(new Event { EventType = EventType.NodeEnd, NodeId = message.Role });
    }

    private static void AddModelCall(RunScript script, ChatRun run, int index, Dictionary<string, string> toolNames)
    {
        var message = run.Messages[index];
        var request = string.Create(CultureInfo.InvariantCulture, $"{script.ThreadId}/{index}");
        script.Add(new Event { EventType = EventType.LlmStart, NodeId = message.Role, LlmRequestId = request });
        if (!string.IsNullOrEmpty(message.Text))
        {
            script.Add(new TokenChunk
            {
                RequestId = request,
                Text = message.Text,
                IsFinal = true,
                FinishReason = message.ToolCalls.Count > 0 ? TokenChunk.Types.FinishReason.ToolCalls : TokenChunk.Types.FinishReason.None,
                Model = run.Model ?? "",
            });
        }

        script.Add(new Event { EventType = EventType.LlmEnd, NodeId = message.Role, LlmRequestId = request });
        foreach (var call in message.ToolCalls)
        {
            toolNames[call.Id] = call.Name;
            script.Add(new ToolExecution
            {
                CallId = call.Id,
                ToolName = call.Name,
                Stage = ExecutionStage.Requested,
                Arguments = call.Arguments.Length == 0 ? ByteString.Empty : AsJson(call.Arguments),
            });
        }
    }

    private static ToolExecution ToolOutcome(ChatMessage message, Dictionary<string, string> toolNames)
    {
        var callId = message.ToolCallId ?? "";
        var text = message.Text ?? "";
        var outcome = new ToolExecution { CallId = callId, ToolName = message.Name ?? toolNames.GetValueOrDefault(callId, "") };
        if (message.MarkedFailed || ToolErrorText.IsError(text))
        {
            outcome.Stage = ExecutionStage.Failed;
            outcome.Error = text;
        }
        else
        {
            outcome.Stage = ExecutionStage.Completed;
            outcome.Result = message.Text is null ? ByteString.CopyFromUtf8("null") : AsJson(text);
        }

        return outcome;
    }

    private static StateDiff Diff(ChatMessage message, bool isFirst)
    {
        if (isFirst)
        {
            return new StateDiff { FullState = ByteString.CopyFromUtf8($"{{\"messages\":[{message.Json}]}}") };
        }

        var append = new DiffOperation
        {
            Op = DiffOperation.Types.OpType.Add,
            Path = "/messages/-",
            Value = ByteString.CopyFromUtf8(message.Json),
            Encoding = DiffOperation.Types.ValueEncoding.Json,
        };
        return new StateDiff { Operations = { append } };
    }

    private Event GraphStart(ChatRun run, bool fromSource)
    {
        var start = new Event { EventType = EventType.GraphStart };
        AddText(start, "graph_name", _options.Prefix);
        AddText(start, "time_source", fromSource ? "source" : "import");
        AddText(start, "source", _options.SourceName);
        AddText(start, "task_id", run.TaskId);
        AddText(start, "trial", run.Trial);
        AddText(start, "model", run.Model);
        start.Attributes["source_run"] = new AttributeValue { IntValue = run.Number };
        start.Attributes["message_count"] = new AttributeValue { IntValue = run.Messages.Count };
        return start;
    }

    private void AddEnd(RunScript script, ChatRun run)
    {
        var end = new Event { EventType = EventType.GraphEnd };
        end.Attributes["nodes"] = new AttributeValue { IntValue = run.Messages.Count };
        if (run.Success is { } success)
        {
            end.Attributes["success"] = new AttributeValue { BoolValue = success };
        }

        if (run.Reward is { } reward)
        {
            end.Attributes["reward"] = new AttributeValue { FloatValue = reward };
            var metrics = new Metrics { Scope = "graph", ScopeId = _options.Prefix };
            metrics.Metrics_["reward"] = new MetricValue { FloatValue = reward, Type = MetricValue.Types.MetricType.Gauge };
            script.Add(metrics);
        }

        script.Add(end);
    }

    private static void AddText(Event to, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            to.Attributes[name] = new AttributeValue { StringValue = value };
        }
    }

    /// <summary>The text itself where it is JSON, else the text as a JSON string.</summary>
    private static ByteString AsJson(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
            }

            return UnsafeByteOperations.UnsafeWrap(bytes);
        }
        catch (JsonException)
        {
            var encoded = JsonEncodedText.Encode(text, JsonText.Encoder);
            return UnsafeByteOperations.UnsafeWrap((byte[])[(byte)'"', .. encoded.EncodedUtf8Bytes, (byte)'"']);
        }
    }

    private string ThreadOf(ChatRun run)
    {
        var id = run switch
        {
            { ThreadId: { Length: > 0 } own } => own,
            { TaskId: { } task, Trial: { } trial } => $"{_options.Prefix}-{task}-{trial}",
            { TaskId: { } task } => $"{_options.Prefix}-{task}",
            _ => string.Create(CultureInfo.InvariantCulture, $"{_options.Prefix}-{run.Number}"),
        };
        var seen = _threads[id] = _threads.GetValueOrDefault(id) + 1;
        return seen == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}#{seen}");
    }

    private long NextUs()
    {
        var now = (_options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return _lastUs = Math.Max(_lastUs + 1, now);
    }
}
