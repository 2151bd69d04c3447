using System.Buffers;
using System.Text;
using System.Text.Json;
using DashStream.Protocol;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Attribute = DashStream.Protocol.AttributeValue.ValueOneofCase;
using Metric = DashStream.Protocol.MetricValue.ValueOneofCase;

namespace DashStream.Analysis;

/// <summary>The small rules of <see cref="MessageJson"/>: what is null, what is hex, how values nest.</summary>
internal static class JsonMembers
{
    private const int UuidBytes = 16;
    private const double UsPerMs = 1000.0;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 128 };

    /// <summary>A UUID's text for 16 bytes, else hex.</summary>
    public static string Id(ByteString id) =>
        id.Length == UuidBytes ? new Guid(id.Span, bigEndian: true).ToString() : Convert.ToHexStringLower(id.Span);

    public static void WriteHexOrNull(this Utf8JsonWriter writer, string name, ByteString bytes) =>
        writer.WriteTextOrNull(name, Convert.ToHexStringLower(bytes.Span));

    public static void WriteTextOrNull(this Utf8JsonWriter writer, string name, string text)
    {
        if (text.Length == 0)
        {
            writer.WriteNull(name);
        }
        else
        {
            writer.WriteString(name, text);
        }
    }

    public static void WriteDuration(this Utf8JsonWriter writer, long durationUs)
    {
        if (durationUs <= 0)
        {
            writer.WriteNull("duration_us");
            writer.WriteNull("duration_ms");
            return;
        }

        writer.WriteNumber("duration_us", durationUs);
        writer.WriteNumber("duration_ms", durationUs / UsPerMs);
    }

    public static void WriteTexts(this Utf8JsonWriter writer, string name, MapField<string, string> texts)
    {
        if (texts.Count == 0)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (key, value) in texts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>The bytes as the JSON that they hold, else as hex; null when there are none.</summary>
    public static void WriteJsonOrHex(this Utf8JsonWriter writer, string name, ByteString bytes)
    {
        if (bytes.IsEmpty || !TryCompact(bytes.Memory, out var json))
        {
            writer.WriteHexOrNull(name, bytes);
            return;
        }

        writer.WritePropertyName(name);
        writer.WriteRawValue(json.Span, skipInputValidation: true);
    }

    public static void WriteAttributes(this Utf8JsonWriter writer, string name, MapField<string, AttributeValue> attributes)
    {
        writer.WritePropertyName(name);
        if (attributes.Count == 0)
        {
            writer.WriteNullValue();
        }
        else
        {
            WriteMap(writer, attributes);
        }
    }

    public static void WriteMetric(this Utf8JsonWriter writer, MetricValue value)
    {
        switch (value.ValueCase)
        {
            case Metric.IntValue:
                writer.WriteNumberValue(value.IntValue);
                break;
            case Metric.FloatValue:
                WriteNumber(writer, value.FloatValue);
                break;
            case Metric.StringValue:
                writer.WriteStringValue(value.StringValue);
                break;
            case Metric.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case Metric.BytesValue:
                writer.WriteStringValue(Convert.ToHexStringLower(value.BytesValue.Span));
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void WriteAttribute(Utf8JsonWriter writer, AttributeValue value)
    {
        switch (value.ValueCase)
        {
            case Attribute.StringValue:
                writer.WriteStringValue(value.StringValue);
                break;
            case Attribute.IntValue:
                writer.WriteNumberValue(value.IntValue);
                break;
            case Attribute.FloatValue:
                WriteNumber(writer, value.FloatValue);
                break;
            case Attribute.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case Attribute.BytesValue:
                writer.WriteStringValue(TextOrHex(value.BytesValue));
                break;
            case Attribute.ArrayValue:
                WriteArray(writer, value.ArrayValue);
                break;
            case Attribute.MapValue:
                WriteMap(writer, value.MapValue.Values);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void WriteArray(Utf8JsonWriter writer, AttributeArray array)
    {
        writer.WriteStartArray();
        foreach (var item in array.Values)
        {
            WriteAttribute(writer, item);
        }

        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, MapField<string, AttributeValue> map)
    {
        writer.WriteStartObject();
        foreach (var (key, value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(key);
            WriteAttribute(writer, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static string TextOrHex(ByteString bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return Convert.ToHexStringLower(bytes.Span);
        }
    }

    /// <summary>Without white space, so that a JSON Lines record stays one line.</summary>
    private static bool TryCompact(ReadOnlyMemory<byte> json, out ReadOnlyMemory<byte> compact)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length);
        try
        {
            using var document = JsonDocument.Parse(json, Deep);
            using var writer = new Utf8JsonWriter(buffer, JsonText.Compact);
            document.RootElement.WriteTo(writer);
            writer.Flush();
            compact = buffer.WrittenMemory;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or JSON with half a surrogate pair, which no text can hold.
            compact = default;
            return false;
        }
    }
}
