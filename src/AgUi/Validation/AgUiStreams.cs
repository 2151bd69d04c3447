using System.Text;
using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>What comes in pieces: messages, tool calls and thoughts, opened and ended by events of their own or by chunks.</summary>
internal sealed class AgUiStreams
{
    private readonly AgUiFindings _findings;
    private readonly AgUiValidatorOptions _options;
    private readonly AgUiItems _messages;
    private readonly AgUiItems _calls;
    private readonly AgUiItems _thoughts;
    private readonly HashSet<string> _history = [];
    private readonly Dictionary<string, (AgUiItems Items, AgUiEventType Type, string Id)> _chunks = [];
    private long _argumentBytes;

    public AgUiStreams(AgUiFindings findings, AgUiIds ids, AgUiValidatorOptions options)
    {
        (_findings, _options) = (findings, options);
        _messages = new AgUiItems("message", new(AgUiRule.MessageAlreadyOpen, AgUiRule.MessageIdUsedAgain, AgUiRule.MessageNotEnded), findings, ids);
        _calls = new AgUiItems("tool call", new(AgUiRule.CallIdUsedAgain, AgUiRule.CallIdUsedAgain, AgUiRule.CallNotEnded), findings, ids);
        _thoughts = new AgUiItems("thought", new(AgUiRule.MessageAlreadyOpen, AgUiRule.MessageIdUsedAgain, AgUiRule.ReasoningNotEnded), findings, ids);
    }

    public void Follow(AgUiEvent item)
    {
        switch (item.Type)
        {
            case AgUiEventType.TextMessageStart:
                _messages.Open(item.MessageId!, item.SubagentRunId, isChunked: false);
                break;
            case AgUiEventType.TextMessageContent:
                _messages.Continue(item, item.MessageId!, AgUiRule.ContentWithoutStart);
                CheckText(item);
                break;
            case AgUiEventType.TextMessageEnd:
                End(_messages, item, item.MessageId!, AgUiRule.EndWithoutStart);
                break;
            case AgUiEventType.ReasoningMessageStart or AgUiEventType.ThinkingTextMessageStart:
                _thoughts.Open(item.MessageId ?? "", item.SubagentRunId, isChunked: false);
                break;
            case AgUiEventType.ReasoningMessageContent or AgUiEventType.ThinkingTextMessageContent:
                _thoughts.Continue(item, item.MessageId ?? "", AgUiRule.ReasoningWithoutStart);
                break;
            case AgUiEventType.ReasoningMessageEnd or AgUiEventType.ThinkingTextMessageEnd:
                End(_thoughts, item, item.MessageId ?? "", AgUiRule.ReasoningWithoutStart);
                break;
            case AgUiEventType.MessagesSnapshot:
                Remember(item);
                break;
            default:
                FollowCall(item);
                break;
        }
    }

    /// <summary>Ends what chunks opened, where an event shows that they cannot go on.</summary>
    public void CloseChunks(AgUiEvent item)
    {
        if (item.Type is AgUiEventType.Raw or AgUiEventType.ActivitySnapshot or AgUiEventType.ActivityDelta or AgUiEventType.ReasoningEncryptedValue
            or AgUiEventType.SubagentStarted or AgUiEventType.Unknown)
        {
            return;
        }

        var lane = item.SubagentRunId ?? "";
        if (item.Type == AgUiEventType.MessagesSnapshot)
        {
            foreach (var open in _chunks.Keys.ToList())
            {
                CloseChunk(open);
            }
        }
        else if (_chunks.TryGetValue(lane, out var chunk) && (chunk.Type != item.Type || (IdOf(item) is { } id && id != chunk.Id)))
        {
            CloseChunk(lane);
        }
    }

    public void CheckAllEnded()
    {
        foreach (var lane in _chunks.Keys.ToList())
        {
            CloseChunk(lane);
        }

        _messages.CheckAllEnded();
        _calls.CheckAllEnded();
        _thoughts.CheckAllEnded();
    }

    /// <summary>Nothing open crosses into the next run; messages of earlier runs are still known.</summary>
    public void Clear()
    {
        _messages.Clear();
        _calls.Clear();
        _thoughts.Clear();
        _chunks.Clear();
        _argumentBytes = 0;
    }

    private void FollowCall(AgUiEvent item)
    {
        switch (item.Type)
        {
            case AgUiEventType.ToolCallStart:
                CheckParent(item);
                _calls.Open(item.ToolCallId!, item.SubagentRunId, isChunked: false, new MemoryStream());
                break;
            case AgUiEventType.ToolCallArgs:
                AddArguments(_calls.Continue(item, item.ToolCallId!, AgUiRule.ArgumentsWithoutStart), item.Delta!);
                break;
            case AgUiEventType.ToolCallEnd:
                if (End(_calls, item, item.ToolCallId!, AgUiRule.CallEndWithoutStart) is { } call)
                {
                    CheckArguments(item.ToolCallId!, call);
                }

                break;
            case AgUiEventType.ToolCallResult:
                CheckResult(item.ToolCallId!);
                break;
            case AgUiEventType.TextMessageChunk:
                Chunk(item, _messages, item.MessageId, ["role", "name"], []);
                break;
            case AgUiEventType.ReasoningMessageChunk:
                Chunk(item, _thoughts, item.MessageId, [], []);
                break;
            case AgUiEventType.ToolCallChunk:
                AddArguments(Chunk(item, _calls, item.ToolCallId, ["toolCallName", "parentMessageId"], ["toolCallName"]), item.Delta ?? "");
                break;
        }
    }

    private AgUiItem? Chunk(AgUiEvent item, AgUiItems items, string? id, string[] repeats, string[] needed)
    {
        var lane = item.SubagentRunId ?? "";
        if (_chunks.TryGetValue(lane, out var open) && open.Type == item.Type && (id is null || id == open.Id))
        {
            var going = items.Find(open.Id);
            CheckRepeats(item, going, repeats);
            return going;
        }

        if (id is null || needed.Any(field => item.Text(field) is null))
        {
            var field = id is null ? (items == _calls ? "toolCallId" : "messageId") : needed[0];
            if (!IsEmptyEnd(item, id))
            {
                _findings.Add(AgUiRule.Schema, $"the first {item.TypeName} lacks it; say with the first chunk what it opens", field);
            }

            return null;
        }

        var opened = items.Open(id, item.SubagentRunId, isChunked: true, items == _calls ? new MemoryStream() : null);
        foreach (var field in repeats)
        {
            opened.Said[field] = item.Text(field);
        }

        _chunks[lane] = (items, item.Type, id);
        return opened;
    }

    /// <summary>An empty chunk of a thought is how some senders end it.</summary>
    private static bool IsEmptyEnd(AgUiEvent item, string? id) => item.Type == AgUiEventType.ReasoningMessageChunk && id is null && string.IsNullOrEmpty(item.Delta);

    private void CheckRepeats(AgUiEvent item, AgUiItem? going, string[] repeats)
    {
        foreach (var field in repeats)
        {
            if (item.Text(field) is { } said && going is not null && said != (going.Said[field] ?? (field == "role" ? "assistant" : null)))
            {
                _findings.Add(AgUiRule.Schema, "a later chunk says something else than the first; repeat it or leave it out", field);
            }
        }
    }

    private void CloseChunk(string lane)
    {
        if (_chunks.Remove(lane, out var chunk) && chunk.Items.Close(chunk.Id) is { } item && chunk.Items == _calls)
        {
            CheckArguments(chunk.Id, item);
        }
    }

    private static AgUiItem? End(AgUiItems items, AgUiEvent item, string id, AgUiRule orphan)
    {
        items.Continue(item, id, orphan);
        return items.Close(id);
    }

    private void CheckText(AgUiEvent item)
    {
        if (item.Delta!.Length == 0)
        {
            _findings.Add(AgUiRule.EmptyContent, "it is empty; leave such an event out", "delta");
        }
    }

    private void CheckParent(AgUiEvent item)
    {
        if (item.ParentMessageId is not { Length: > 0 } parent)
        {
            return;
        }

        if (_messages.OwnerOf(parent) is { } owner && item.SubagentRunId is { } other && owner != other)
        {
            _findings.Add(AgUiRule.OtherSubagent, $"message {AgUiIds.Bounded(parent)} was opened under another subagent; name the same one for its calls", "subagentRunId");
        }

        if (!_messages.WasSeen(parent) && !_history.Contains(parent))
        {
            _findings.Add(AgUiRule.UnknownParentMessage, $"message {AgUiIds.Bounded(parent)} was not seen in this stream", "parentMessageId");
        }
    }

    private void CheckResult(string id)
    {
        if (_calls.Find(id) is { IsChunked: false })
        {
            _findings.Add(AgUiRule.ResultBeforeEnd, $"tool call {AgUiIds.Bounded(id)} is still open; end it before its result");
        }
        else if (!_calls.WasSeen(id) && !_history.Contains(id))
        {
            _findings.Add(AgUiRule.ResultWithoutCall, $"tool call {AgUiIds.Bounded(id)} was not started; start it before its result", "toolCallId");
        }
    }

    private void AddArguments(AgUiItem? call, string delta)
    {
        if (call?.Arguments is not { } arguments || delta.Length == 0)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(delta);
        _argumentBytes += bytes.Length;
        if (_argumentBytes > _options.MaxArgumentBytes)
        {
            throw new AgUiException(StreamErrorKind.TooLarge, AgUiRule.ArgumentsNotJson, _findings.Index, "delta",
                $"the open tool calls have more than {_options.MaxArgumentBytes} bytes of arguments (MaxArgumentBytes)");
        }

        arguments.Write(bytes);
    }

    private void CheckArguments(string id, AgUiItem call)
    {
        var text = call.Arguments!.GetBuffer().AsSpan(0, (int)call.Arguments.Length);
        _argumentBytes -= text.Length;
        if (text.Length > 0 && !JsonScalar.IsJson(text, AgUiReaderOptions.Default.MaxDepth))
        {
            _findings.Add(AgUiRule.ArgumentsNotJson, $"the arguments of tool call {AgUiIds.Bounded(id)} are not JSON");
        }
    }

    private void Remember(AgUiEvent item)
    {
        item.TryGet("messages", out var json);
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        foreach (var message in document.RootElement.EnumerateArray())
        {
            Remember(AgUiFieldCheck.TextOf(message, "id"));
            if (message.ValueKind == JsonValueKind.Object && message.TryGetProperty("toolCalls", out var calls) && calls.ValueKind == JsonValueKind.Array)
            {
                foreach (var call in calls.EnumerateArray())
                {
                    Remember(AgUiFieldCheck.TextOf(call, "id"));
                }
            }
        }
    }

    private void Remember(string? id)
    {
        if (id is not null && _history.Count < _options.MaxIds)
        {
            _history.Add(id);
        }
    }

    private static string? IdOf(AgUiEvent item) => item.Type == AgUiEventType.ToolCallChunk ? item.ToolCallId : item.MessageId;
}
