using System.Text.Json;
using DashStream.Protocol;
using Body = DashStream.Protocol.DashStreamMessage.MessageOneofCase;

namespace DashStream.Analysis;

/// <summary>
/// Messages as JSON objects with the members that the original's parse tool writes, so that what reads its output reads ours. Beyond it, every event type has
/// its name and a batch shows its events (<c>events</c>). Numbers that JSON cannot hold (infinities, NaN) are null. Safe for concurrent use.
/// </summary>
public static class MessageJson
{
    /// <summary>The object as text: in one line, or indented.</summary>
    public static string ToText(DashStreamMessage message, bool indented = false)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, indented ? JsonText.Indented : JsonText.Compact))
        {
            Write(writer, message);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>Writes the object as the writer's next value.</summary>
    public static void Write(Utf8JsonWriter writer, DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(message);
        writer.WriteStartObject();
        writer.WriteString("type", message.MessageCase == Body.None ? "Empty" : message.MessageCase.ToString());
        if (message.MessageCase != Body.None)
        {
            WriteHeader(writer, MessageParts.HeaderOf(message));
            WriteBody(writer, message);
        }

        writer.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter writer, DashStreamMessage message)
    {
        switch (message.MessageCase)
        {
            case Body.Event:
                WriteEvent(writer, message.Event);
                break;
            case Body.TokenChunk:
                WriteTokenChunk(writer, message.TokenChunk);
                break;
            case Body.StateDiff:
                WriteStateDiff(writer, message.StateDiff);
                break;
            case Body.ToolExecution:
                WriteToolExecution(writer, message.ToolExecution);
                break;
            case Body.Metrics:
                WriteMetrics(writer, message.Metrics);
                break;
            case Body.Error:
                WriteError(writer, message.Error);
                break;
            case Body.Checkpoint:
                WriteCheckpoint(writer, message.Checkpoint);
                break;
            case Body.EventBatch:
                WriteBatch(writer, message.EventBatch);
                break;
            case Body.ExecutionTrace:
                WriteTrace(writer, message.ExecutionTrace);
                break;
        }
    }

    private static void WriteHeader(Utf8JsonWriter writer, Header? header)
    {
        if (header is null)
        {
            writer.WriteNull("header");
            return;
        }

        writer.WriteStartObject("header");
        writer.WriteString("message_id", JsonMembers.Id(header.MessageId));
        writer.WriteNumber("timestamp_us", header.TimestampUs);
        writer.WriteString("timestamp_iso", WireTime.Iso(header.TimestampUs));
        writer.WriteString("tenant_id", header.TenantId);
        writer.WriteString("thread_id", header.ThreadId);
        writer.WriteNumber("sequence", header.Sequence);
        writer.WriteString("type", WireNames.Of(header.Type));
        writer.WriteHexOrNull("parent_id", header.ParentId);
        writer.WriteNumber("schema_version", header.SchemaVersion);
        writer.WriteEndObject();
    }

    private static void WriteEvent(Utf8JsonWriter writer, Event body)
    {
        writer.WriteString("event_type", WireNames.Of(body.EventType));
        writer.WriteTextOrNull("node_id", body.NodeId);
        writer.WriteAttributes("attributes", body.Attributes);
        writer.WriteDuration(body.DurationUs);
        writer.WriteTextOrNull("llm_request_id", body.LlmRequestId);
    }

    private static void WriteTokenChunk(Utf8JsonWriter writer, TokenChunk body)
    {
        writer.WriteString("request_id", body.RequestId);
        writer.WriteString("text", body.Text);
        writer.WriteNumber("chunk_index", body.ChunkIndex);
        writer.WriteBoolean("is_final", body.IsFinal);
        writer.WriteTextOrNull("model", body.Model);
        if (body.Stats is not { } stats)
        {
            writer.WriteNull("stats");
            return;
        }

        writer.WriteStartObject("stats");
        writer.WriteNumber("prompt_tokens", stats.PromptTokens);
        writer.WriteNumber("completion_tokens", stats.CompletionTokens);
        writer.WriteNumber("total_tokens", stats.TotalTokens);
        writer.WriteEndObject();
    }

    private static void WriteStateDiff(Utf8JsonWriter writer, StateDiff body)
    {
        writer.WriteHexOrNull("base_checkpoint_id", body.BaseCheckpointId);
        writer.WriteNumber("operations_count", body.Operations.Count);
        writer.WriteHexOrNull("state_hash", body.StateHash);
    }

    private static void WriteToolExecution(Utf8JsonWriter writer, ToolExecution body)
    {
        writer.WriteString("call_id", body.CallId);
        writer.WriteString("tool_name", body.ToolName);
        writer.WriteString("stage", WireNames.Of(body.Stage));
        writer.WriteJsonOrHex("arguments", body.Arguments);
        writer.WriteJsonOrHex("result", body.Result);
        writer.WriteTextOrNull("error", body.Error);
        writer.WriteDuration(body.DurationUs);
        writer.WriteNumber("retry_count", body.RetryCount);
    }

    private static void WriteMetrics(Utf8JsonWriter writer, Metrics body)
    {
        writer.WriteString("scope", body.Scope);
        writer.WriteString("scope_id", body.ScopeId);
        writer.WriteStartObject("metrics");
        foreach (var (name, value) in body.Metrics_.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            writer.WriteMetric(value);
        }

        writer.WriteEndObject();
        writer.WriteTexts("tags", body.Tags);
    }

    private static void WriteError(Utf8JsonWriter writer, Error body)
    {
        writer.WriteString("error_code", body.ErrorCode);
        writer.WriteString("message", body.Message);
        writer.WriteString("severity", WireNames.Of(body.Severity));
        writer.WriteTextOrNull("exception_type", body.ExceptionType);
        writer.WriteTexts("context", body.Context);
        if (body.Suggestions.Count == 0)
        {
            writer.WriteNull("suggestions");
            return;
        }

        writer.WriteStartArray("suggestions");
        foreach (var suggestion in body.Suggestions)
        {
            writer.WriteStringValue(suggestion);
        }

        writer.WriteEndArray();
    }

    private static void WriteCheckpoint(Utf8JsonWriter writer, Checkpoint body)
    {
        writer.WriteString("checkpoint_id", Convert.ToHexStringLower(body.CheckpointId.Span));
        writer.WriteString("state_type", body.StateType);
        writer.WriteNumber("state_size_bytes", body.State.Length);
    }

    private static void WriteBatch(Utf8JsonWriter writer, EventBatch body)
    {
        writer.WriteNumber("event_count", body.Events.Count);
        writer.WriteStartArray("events");
        foreach (var inner in body.Events)
        {
            writer.WriteStartObject();
            WriteHeader(writer, inner.Header);
            WriteEvent(writer, inner);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteTrace(Utf8JsonWriter writer, ExecutionTrace body)
    {
        writer.WriteString("execution_id", body.ExecutionId);
        writer.WriteString("thread_id", body.ThreadId);
        writer.WriteNumber("total_duration_ms", body.TotalDurationMs);
        writer.WriteNumber("total_tokens", body.TotalTokens);
        writer.WriteBoolean("completed", body.Completed);
        writer.WriteNumber("nodes_count", body.NodesExecuted.Count);
        writer.WriteNumber("errors_count", body.Errors.Count);
    }
}
