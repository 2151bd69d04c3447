using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using DashStream.Analysis;
using DashStream.Cli.Secrets;
using DashStream.Protocol;

namespace DashStream.Cli.DeadLetters;

/// <summary>Dead letters as members of JSON objects and as text for people.</summary>
/// <param name="redaction">What of their content is printed.</param>
internal sealed class LetterText(ReportRedaction redaction)
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

    /// <summary>The error as it may be printed.</summary>
    public string ErrorOf(StoredDeadLetter letter) => redaction.Text(letter.Document.Error);

    /// <summary>A name as it may be printed: a letter takes its names from a key or a body where there is no header, and those may hold anything.</summary>
    [return: NotNullIfNotNull(nameof(name))]
    public string? Name(string? name) => name is null ? null : redaction.Text(name);

    /// <summary>What a listing tells of a letter.</summary>
    public void WriteMembers(Utf8JsonWriter writer, StoredDeadLetter letter)
    {
        var document = letter.Document;
        writer.WriteString("position", letter.Position.ToString());
        writer.WriteString("id", letter.Id);
        writer.WriteString("timestamp", document.Timestamp);
        writer.WriteString("stage", StageOf(letter));
        writer.WriteString("error_type", document.ErrorType);
        writer.WriteString("error", ErrorOf(letter));
        writer.WriteString("source_topic", Name(document.SourceTopic));
        writer.WriteString("source_position", letter.SourcePosition?.ToString());
        writer.WriteString("consumer_id", Name(document.ConsumerId));
        writer.WriteString("thread_id", Name(document.ThreadId));
        writer.WriteString("tenant_id", Name(document.TenantId));
        writer.WriteString("node_id", Name(document.NodeId));
        writer.WriteString("parent_trace_id", document.ParentTraceId);
        writer.WriteString("span_id", document.SpanId);
        Output.JsonLines.WriteNumberOrNull(writer, "attempts", letter.Attempts);
        writer.WriteNumber("size_bytes", document.FullSizeBytes);
        writer.WriteBoolean("truncated", document.IsTruncated);
        writer.WriteNumber("edits", letter.Edits);
        writer.WriteNumber("replays", letter.ReplayCount);
    }

    /// <summary>The rest: key, headers, stack, payload, and the message where there is one.</summary>
    public void WriteContent(Utf8JsonWriter writer, StoredDeadLetter letter)
    {
        writer.WriteString("stack", StackOf(letter));
        WriteBytes(writer, "key", letter.OriginalKey);
        writer.WriteStartArray("headers");
        foreach (var header in letter.OriginalHeaders)
        {
            writer.WriteStartObject();
            writer.WriteString("name", header.Name);
            WriteBytes(writer, "value", header.Value, header.Name);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        var message = MessageOf(letter);
        var shown = message is null ? null : redaction.Message(message);
        if (message is null || shown == message)
        {
            WriteBytesOrNull(writer, "payload_base64", message is null ? redaction.Opaque(letter.Document.Payload) : letter.Document.Payload);
        }
        else
        {
            writer.WriteNull("payload_base64");
        }

        if (shown is not null)
        {
            writer.WritePropertyName("message");
            MessageJson.Write(writer, shown);
        }
        else
        {
            writer.WriteNull("message");
        }
    }

    public void Print(TextWriter output, StoredDeadLetter letter)
    {
        var document = letter.Document;
        Line(output, "position", letter.Position.ToString());
        Line(output, "id", letter.Id);
        Line(output, "time", document.Timestamp);
        Line(output, "stage", StageOf(letter));
        Line(output, "error type", document.ErrorType);
        Line(output, "error", ErrorOf(letter));
        Line(output, "attempts", letter.Attempts?.ToString(CultureInfo.InvariantCulture));
        Line(output, "failed at", Name(document.ConsumerId));
        Line(output, "source", $"{document.SourceTopic} {letter.SourcePosition?.ToString() ?? "(not stored)"}");
        Line(output, "thread", Name(document.ThreadId));
        Line(output, "tenant", Name(document.TenantId));
        Line(output, "node", Name(document.NodeId));
        Line(output, "trace", document.ParentTraceId is null ? null : $"{document.ParentTraceId} {document.SpanId}");
        Line(output, "edits", letter.Edits == 0 ? null : letter.Edits.ToString(CultureInfo.InvariantCulture));
        Line(output, "replays", letter.ReplayCount == 0 ? null : letter.ReplayCount.ToString(CultureInfo.InvariantCulture));
        Line(output, "key", letter.OriginalKey.IsEmpty ? null : Shown(letter.OriginalKey, "key"));
        foreach (var header in letter.OriginalHeaders)
        {
            Line(output, "header", $"{Visible(header.Name)}: {Shown(header.Value, header.Name)}");
        }

        Line(output, "stack", StackOf(letter));
        PrintPayload(output, letter);
    }

    /// <summary>Text without characters that could move a terminal's cursor or pass for other output.</summary>
    public static string Visible(string text) => string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? $"\\u{(int)c:x4}" : c.ToString()));

    private void PrintPayload(TextWriter output, StoredDeadLetter letter)
    {
        var document = letter.Document;
        var size = document.FullSizeBytes.ToString("N0", CultureInfo.InvariantCulture);
        Line(output, "payload", letter.IsTombstone ? "(tombstone)" : $"{size} bytes{(document.IsTruncated ? $", the first {document.Payload.Length:N0} are here; sha256 {document.PayloadSha256}" : "")}");
        if (MessageOf(letter) is { } message)
        {
            output.Write(Visible(MessageJson.ToText(redaction.Message(message), indented: true)));
            output.Write('\n');
            return;
        }

        if (redaction.Opaque(document.Payload) is not { } payload)
        {
            output.Write("  (not shown: no message, and perhaps a secret; --show-secrets prints it, --payload FILE keeps it)\n");
            return;
        }

        var bytes = payload.Span[..Math.Min(ShownBytes, payload.Length)];
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

    private static void WriteBytesOrNull(Utf8JsonWriter writer, string name, ReadOnlyMemory<byte>? bytes)
    {
        if (bytes is { } known)
        {
            writer.WriteBase64String(name, known.Span);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private string? StackOf(StoredDeadLetter letter) => letter.Stack is { } stack ? redaction.Text(stack) : null;

    private string Shown(ReadOnlyMemory<byte> bytes, string name) =>
        redaction.Named(name, bytes)
            ?? (redaction.Opaque(bytes) is { } opaque ? $"0x{Convert.ToHexStringLower(opaque.Span)}" : $"({bytes.Length:N0} bytes that are no text; see --show-secrets)");

    private void WriteBytes(Utf8JsonWriter writer, string name, ReadOnlyMemory<byte> bytes, string? called = null)
    {
        if (redaction.Named(called ?? name, bytes) is { } text)
        {
            writer.WriteString(name, text);
        }
        else
        {
            WriteBytesOrNull(writer, name + "_base64", redaction.Opaque(bytes));
        }
    }
}
