using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DashStream.State;

namespace DashStream;

/// <summary>The JSON of dead letters: members in the original's order, escaped as serde does (quote, backslash and control characters only).</summary>
internal static class DeadLetterJson
{
    private const int RoomBesidePayload = 1024;

    public static byte[] Write(DeadLetterDocument letter)
    {
        using var output = new PooledList<byte>(Base64.GetMaxEncodedToUtf8Length(letter.Payload.Length) + RoomBesidePayload);
        output.Add("{\"original_payload_base64\":\""u8);
        WriteBase64(letter.Payload.Span, output);
        output.Add((byte)'"');
        Add(output, "original_payload_size_bytes", letter.PayloadSizeBytes);
        Add(output, "original_payload_included_bytes", letter.PayloadIncludedBytes);
        if (letter.PayloadTruncated is { } truncated)
        {
            AddRaw(output, "original_payload_truncated", truncated ? "true" : "false");
        }

        Add(output, "original_payload_sha256", letter.PayloadSha256);
        Add(output, "error", letter.Error);
        Add(output, "source_topic", letter.SourceTopic);
        Add(output, "source_partition", letter.SourcePartition);
        Add(output, "source_offset", letter.SourceOffset);
        Add(output, "timestamp", letter.Timestamp);
        Add(output, "consumer_id", letter.ConsumerId);
        Add(output, "thread_id", letter.ThreadId);
        Add(output, "tenant_id", letter.TenantId);
        Add(output, "error_type", letter.ErrorType);
        Add(output, "trace_id", letter.TraceId);
        Add(output, "node_id", letter.NodeId);
        Add(output, "parent_trace_id", letter.ParentTraceId);
        Add(output, "span_id", letter.SpanId);
        output.Add((byte)'}');
        return output.Span.ToArray();
    }

    public static DeadLetterDocument Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new StreamException(StreamErrorKind.Corrupt, $"The record is not the JSON of a dead letter: {e.Message}", e);
        }
    }

    private static DeadLetterDocument Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"it is a JSON {root.ValueKind}, not an object.");
        }

        return new DeadLetterDocument
        {
            Payload = Required(root, "original_payload_base64").GetBytesFromBase64(),
            PayloadSizeBytes = Optional(root, "original_payload_size_bytes")?.GetInt64(),
            PayloadIncludedBytes = Optional(root, "original_payload_included_bytes")?.GetInt64(),
            PayloadTruncated = Optional(root, "original_payload_truncated")?.GetBoolean(),
            PayloadSha256 = Optional(root, "original_payload_sha256")?.GetString(),
            Error = Text(root, "error"),
            SourceTopic = Text(root, "source_topic"),
            SourcePartition = Required(root, "source_partition").GetInt32(),
            SourceOffset = Required(root, "source_offset").GetInt64(),
            Timestamp = Text(root, "timestamp"),
            ConsumerId = Text(root, "consumer_id"),
            ThreadId = Optional(root, "thread_id")?.GetString(),
            TenantId = Optional(root, "tenant_id")?.GetString(),
            ErrorType = Text(root, "error_type"),
            TraceId = Text(root, "trace_id"),
            NodeId = Optional(root, "node_id")?.GetString(),
            ParentTraceId = Optional(root, "parent_trace_id")?.GetString(),
            SpanId = Optional(root, "span_id")?.GetString(),
        };
    }

    private static string Text(JsonElement root, string name) => Required(root, name).GetString()!;

    private static JsonElement Required(JsonElement root, string name) =>
        Optional(root, name) ?? throw new FormatException($"the member '{name}' is missing.");

    private static JsonElement? Optional(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static void WriteBase64(ReadOnlySpan<byte> payload, PooledList<byte> output)
    {
        var length = Base64.GetMaxEncodedToUtf8Length(payload.Length);
        var status = Base64.EncodeToUtf8(payload, output.Append(length), out _, out var written);
        if (status != OperationStatus.Done || written != length)
        {
            throw new InvalidOperationException($"Base64 ended with {status}.");
        }
    }

    private static void Add(PooledList<byte> output, string name, long? number)
    {
        if (number is { } value)
        {
            AddRaw(output, name, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void Add(PooledList<byte> output, string name, string? text)
    {
        if (text is not null)
        {
            AddName(output, name);
            CanonicalText.Write(Encoding.UTF8.GetBytes(text), output);
        }
    }

    private static void AddRaw(PooledList<byte> output, string name, string value)
    {
        AddName(output, name);
        output.Add(Encoding.UTF8.GetBytes(value));
    }

    private static void AddName(PooledList<byte> output, string name)
    {
        output.Add(",\""u8);
        output.Add(Encoding.UTF8.GetBytes(name));
        output.Add("\":"u8);
    }
}
