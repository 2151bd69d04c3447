using System.Buffers;
using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>Writes events as the protocol wants them sent.</summary>
internal static class AgUiWire
{
    /// <summary>Below these, keys and values are an application's: a null there says something.</summary>
    private static readonly HashSet<string> Open =
        ["metadata", "responseSchema", "payload", "parameters", "forwardedProps", "rawEvent", "result", "snapshot", "event", "value", "delta", "patch"];

    private static readonly HashSet<string> OfTheProtocol = ["input", "messages", "outcome", "usage"];

    public static byte[] Write(AgUiEvent source)
    {
        var buffer = new ArrayBufferWriter<byte>(source.Json.Length);
        using (var writer = new Utf8JsonWriter(buffer, JsonScalar.Relaxed))
        {
            writer.WriteStartObject();
            foreach (var field in source.Fields)
            {
                var json = source.Json.Span.Slice(field.Start, field.Length);
                if (field.Kind != JsonTokenType.Null || !AgUiSchema.IsOptional(source.Type, field.Name))
                {
                    writer.WritePropertyName(field.Name);
                    WriteValue(writer, field.Name, json);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteValue(Utf8JsonWriter writer, string name, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1001 });
        reader.Read();
        Copy(ref reader, writer, prune: OfTheProtocol.Contains(name), json);
    }

    /// <summary>Copies a value without white space, numbers and texts as written; where asked to, without members that are null.</summary>
    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer, bool prune, ReadOnlySpan<byte> json)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    if (!prune || reader.TokenType != JsonTokenType.Null)
                    {
                        writer.WritePropertyName(name);
                        Copy(ref reader, writer, prune && !Open.Contains(name) && !IsApplications(name, reader.TokenType), json);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Copy(ref reader, writer, prune, json);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteRawValue(json[(int)reader.TokenStartIndex..(int)reader.BytesConsumed], skipInputValidation: true);
                break;
        }
    }

    /// <summary>A state, and the content of an activity, which unlike that of other messages is an object.</summary>
    private static bool IsApplications(string name, JsonTokenType kind) => name == "state" || (name == "content" && kind == JsonTokenType.StartObject);
}
