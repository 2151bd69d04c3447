using System.Text.Json;
using System.Text.Unicode;

namespace DashStream.AgUi;

/// <summary>Finds the fields of an event in its text. One pass; nothing but names and places is kept.</summary>
internal static class AgUiEventParser
{
    public static AgUiEvent Parse(ReadOnlyMemory<byte> json, AgUiReaderOptions options, long index)
    {
        if (json.Length > options.MaxEventBytes)
        {
            throw new AgUiException(StreamErrorKind.TooLarge, AgUiRule.NotJson, index, null,
                $"the event has {json.Length} bytes; {options.MaxEventBytes} are read (MaxEventBytes)");
        }

        if (!Utf8.IsValid(json.Span))
        {
            throw Malformed(index, "the event is not UTF-8; send it as UTF-8 text");
        }

        try
        {
            return Read(json, options, index);
        }
        catch (JsonException e)
        {
            throw Malformed(index, $"the event is not JSON, or deeper than {options.MaxDepth} (at byte {e.BytePositionInLine}); send one JSON object an event", e);
        }
        catch (InvalidOperationException e)
        {
            throw Malformed(index, "a text of the event has half a surrogate pair; send whole characters", e);
        }
    }

    private static AgUiEvent Read(ReadOnlyMemory<byte> json, AgUiReaderOptions options, long index)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = options.MaxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed(index, $"the event is a JSON {Describe(reader.TokenType)}; send an object with a type");
        }

        var fields = new List<AgUiField>(8);
        string? type = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = AgUiSchema.NameOf(reader.GetString()!);
            reader.Read();
            var kind = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            ReadValue(ref reader);
            Add(fields, new AgUiField(name, start, (int)reader.BytesConsumed - start, kind), options, index);
            if (name == "type" && kind == JsonTokenType.String)
            {
                type = JsonScalar.Text(json.Span[start..(int)reader.BytesConsumed]);
            }
        }

        reader.Read();
        return type is null
            ? throw new AgUiException(StreamErrorKind.Corrupt, AgUiRule.Schema, index, "type", "the event does not say its kind; send a text such as RUN_STARTED")
            : new AgUiEvent(type, json, [.. fields]);
    }

    private static void Add(List<AgUiField> fields, AgUiField field, AgUiReaderOptions options, long index)
    {
        if (fields.Count == options.MaxFields)
        {
            throw new AgUiException(StreamErrorKind.TooLarge, AgUiRule.Schema, index, null,
                $"the event has more than {options.MaxFields} fields (MaxFields)");
        }

        if (fields.Exists(other => other.Name == field.Name))
        {
            throw new AgUiException(StreamErrorKind.Corrupt, AgUiRule.Schema, index, Bounded(field.Name), "the field is there twice; send it once, in camelCase");
        }

        fields.Add(field);
    }

    /// <summary>Reads over a value. Texts are decoded where they hold escapes, since only that finds halves of surrogate pairs.</summary>
    private static void ReadValue(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        do
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                _ = reader.GetString();
            }
        }
        while ((reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) && reader.Read());
    }

    private static string Bounded(string name) => name.Length <= 100 ? name : $"{name[..100]}…";

    private static string Describe(JsonTokenType kind) => kind switch
    {
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "text",
        JsonTokenType.Number => "number",
        JsonTokenType.Null => "null",
        _ => "value",
    };

    private static AgUiException Malformed(long index, string reason, Exception? inner = null) =>
        new(StreamErrorKind.Corrupt, AgUiRule.NotJson, index, null, reason, inner);
}
