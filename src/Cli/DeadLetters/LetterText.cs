using System.Globalization;
using System.Text;
using System.Text.Json;
using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Cli.DeadLetters;

/// <summary>Dead letters as members of JSON objects and as text for people.</summary>
internal static class LetterText
{
    private const int ShownBytes = 256;
    private const int BytesPerLine = 16;

    private static readonly MessageCodec Codec = new(new MessageCodecOptions
    {
        Decoding = FrameDecoding.Compatible,
        RequireHeader = false,
        SchemaPolicy = SchemaCompatibility.Any,
    });

    /// <summary>The message, or null when the payload is none, or only its beginning.</summary>
    public static DashStreamMessage? MessageOf(StoredDeadLetter letter)
    {
        try
        {
            return letter.Document.IsTruncated || letter.IsTombstone ? null : Codec.Decode(letter.Document.Payload);
        }
        catch (CodecException)
        {
            return null;
        }
    }

    public static string StageOf(StoredDeadLetter letter) => letter.Stage.ToString().ToLowerInvariant();

    /// <summary>What a listing tells of a letter.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, StoredDeadLetter letter)
    {
        var document = letter.Document;
        writer.WriteString("position", letter.Position.ToString());
        writer.WriteString("id", letter.Id);
        writer.WriteString("timestamp", document.Timestamp);
        writer.WriteString("stage", StageOf(letter));
        writer.WriteString("error_type", document.ErrorType);
        writer.WriteString("error", document.Error);
        writer.WriteString("source_topic", document.SourceTopic);
        writer.WriteString("source_position", letter.SourcePosition?.ToString());
        writer.WriteString("consumer_id", document.ConsumerId);
        writer.WriteString("thread_id", document.ThreadId);
        writer.WriteString("tenant_id", document.TenantId);
        writer.WriteString("node_id", document.NodeId);
        writer.WriteString("parent_trace_id", document.ParentTraceId);
        writer.WriteString("span_id", document.SpanId);
        Output.JsonLines.WriteNumberOrNull(writer, "attempts", letter.Attempts);
        writer.WriteNumber("size_bytes", document.FullSizeBytes);
        writer.WriteBoolean("truncated", document.IsTruncated);
        writer.WriteNumber("edits", letter.Edits);
        writer.WriteNumber("replays", letter.ReplayCount);
    }

    /// <summary>The rest: key, headers, stack, payload, and the message where there is one.</summary>
    public static void WriteContent(Utf8JsonWriter writer, StoredDeadLetter letter)
    {
        writer.WriteString("stack", letter.Stack);
        WriteBytes(writer, "key", letter.OriginalKey);
        writer.WriteStartArray("headers");
        foreach (var header in letter.OriginalHeaders)
        {
            writer.WriteStartObject();
            writer.WriteString("name", header.Name);
            WriteBytes(writer, "value", header.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBase64String("payload_base64", letter.Document.Payload.Span);
        if (MessageOf(letter) is { } message)
        {
            writer.WritePropertyName("message");
            MessageJson.Write(writer, message);
        }
        else
        {
            writer.WriteNull("message");
        }
    }

    public static void Print(TextWriter output, StoredDeadLetter letter)
    {
        var document = letter.Document;
        Line(output, "position", letter.Position.ToString());
        Line(output, "id", letter.Id);
        Line(output, "time", document.Timestamp);
        Line(output, "stage", StageOf(letter));
        Line(output, "error type", document.ErrorType);
        Line(output, "error", document.Error);
        Line(output, "attempts", letter.Attempts?.ToString(CultureInfo.InvariantCulture));
        Line(output, "failed at", document.ConsumerId);
        Line(output, "source", $"{document.SourceTopic} {letter.SourcePosition?.ToString() ?? "(not stored)"}");
        Line(output, "thread", document.ThreadId);
        Line(output, "tenant", document.TenantId);
        Line(output, "node", document.NodeId);
        Line(output, "trace", document.ParentTraceId is null ? null : $"{document.ParentTraceId} {document.SpanId}");
        Line(output, "edits", letter.Edits == 0 ? null : letter.Edits.ToString(CultureInfo.InvariantCulture));
        Line(output, "replays", letter.ReplayCount == 0 ? null : letter.ReplayCount.ToString(CultureInfo.InvariantCulture));
        Line(output, "key", letter.OriginalKey.IsEmpty ? null : Shown(letter.OriginalKey));
        foreach (var header in letter.OriginalHeaders)
        {
            Line(output, "header", $"{Visible(header.Name)}: {Shown(header.Value)}");
        }

        Line(output, "stack", letter.Stack);
        PrintPayload(output, letter);
    }

    /// <summary>Text without characters that could move a terminal's cursor or pass for other output.</summary>
    public static string Visible(string text) => string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? $"\\u{(int)c:x4}" : c.ToString()));

    private static void PrintPayload(TextWriter output, StoredDeadLetter letter)
    {
        var document = letter.Document;
        var size = document.FullSizeBytes.ToString("N0", CultureInfo.InvariantCulture);
        Line(output, "payload", letter.IsTombstone ? "(tombstone)" : $"{size} bytes{(document.IsTruncated ? $", the first {document.Payload.Length:N0} are here; sha256 {document.PayloadSha256}" : "")}");
        if (MessageOf(letter) is { } message)
        {
            output.Write(Visible(MessageJson.ToText(message, indented: true)));
            output.Write('\n');
            return;
        }

        var bytes = document.Payload.Span[..Math.Min(ShownBytes, document.Payload.Length)];
        for (var at = 0; at < bytes.Length; at += BytesPerLine)
        {
            var line = bytes[at..Math.Min(at + BytesPerLine, bytes.Length)];
            var text = string.Concat(line.ToArray().Select(b => b is >= 0x20 and < 0x7f ? (char)b : '.'));
            output.Write($"  {at:x4}  {Convert.ToHexStringLower(line).PadRight(2 * BytesPerLine)}  {text}\n");
        }
    }

    private static void Line(TextWriter output, string name, string? value)
    {
        if (value is not null)
        {
            output.Write($"{name + ":",-12} {Visible(value).Replace("\n", "\n             ", StringComparison.Ordinal)}\n");
        }
    }

    private static string Shown(ReadOnlyMemory<byte> bytes) => TextOf(bytes) ?? $"0x{Convert.ToHexStringLower(bytes.Span)}";

    private static void WriteBytes(Utf8JsonWriter writer, string name, ReadOnlyMemory<byte> bytes)
    {
        if (TextOf(bytes) is { } text)
        {
            writer.WriteString(name, text);
        }
        else
        {
            writer.WriteBase64String(name + "_base64", bytes.Span);
        }
    }

    private static string? TextOf(ReadOnlyMemory<byte> bytes) =>
        System.Text.Unicode.Utf8.IsValid(bytes.Span) ? Encoding.UTF8.GetString(bytes.Span) : null;
}
