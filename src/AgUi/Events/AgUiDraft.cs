using System.Buffers;
using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>An event in the making: fields in order, each with its JSON text.</summary>
internal sealed class AgUiDraft
{
    private readonly List<KeyValuePair<string, ReadOnlyMemory<byte>>> _fields = [];

    public AgUiDraft(AgUiEventType type)
        : this(AgUiTypeNames.Of(type))
    {
    }

    public AgUiDraft(string typeName) => TypeName = typeName;

    public AgUiDraft(AgUiEvent source)
        : this(source.TypeName)
    {
        foreach (var field in source.Fields)
        {
            if (field.Name != "type")
            {
                _fields.Add(new(field.Name, source.Json.Slice(field.Start, field.Length)));
            }
        }
    }

    public string TypeName { get; }

    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Fields => _fields;

    public AgUiDraft Set(string name, string? text) => text is null ? this : SetJson(name, JsonScalar.Quote(text));

    public AgUiDraft SetJson(string name, ReadOnlyMemory<byte> json)
    {
        var at = _fields.FindIndex(field => field.Key == name);
        var field = new KeyValuePair<string, ReadOnlyMemory<byte>>(name, json);
        if (at < 0)
        {
            _fields.Add(field);
        }
        else
        {
            _fields[at] = field;
        }

        return this;
    }

    public void Remove(string name) => _fields.RemoveAll(field => field.Key == name);

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonScalar.Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("type", TypeName);
            foreach (var (name, json) in _fields)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(json.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The event, over all limits that hold for foreign ones: what is drafted here was read or made before.</summary>
    public AgUiEvent ToEvent() => AgUiEventParser.Parse(ToJson(), Unlimited, 0);

    private static readonly AgUiReaderOptions Unlimited = new() { MaxEventBytes = int.MaxValue, MaxDepth = 1000, MaxFields = int.MaxValue };
}
