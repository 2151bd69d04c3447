using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>A JSON value and the way to it, so that every complaint names file, run and member.</summary>
internal readonly struct JsonPlace(JsonElement element, string file, long run, string path)
{
    public JsonValueKind Kind => element.ValueKind;

    public ImportException Fault(string fault, Exception? inner = null) => new(file, run, path.Length == 0 ? null : path, fault, inner);

    public void ExpectKind(JsonValueKind kind, string expectation)
    {
        if (element.ValueKind != kind)
        {
            throw Fault($"is of kind {element.ValueKind}; {expectation}");
        }
    }

    /// <summary>The member, or null when it is absent or JSON null.</summary>
    public JsonPlace? Optional(string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPlace(value, file, run, path.Length == 0 ? name : $"{path}.{name}")
            : null;

    public JsonPlace Required(string name) => Optional(name) ?? throw Fault($"has no {name}");

    public IEnumerable<JsonPlace> Items(string expectation)
    {
        ExpectKind(JsonValueKind.Array, expectation);
        var (place, i) = (this, 0);
        foreach (var item in element.EnumerateArray())
        {
            yield return place.At(item, i++);
        }
    }

    public string String()
    {
        ExpectKind(JsonValueKind.String, "expected is text");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Fault("is not valid Unicode (broken UTF-8 or half a surrogate pair)", e);
        }
    }

    public string? Text(string name) => Optional(name)?.String();

    public string? TextIfText(string name) => Optional(name) is { Kind: JsonValueKind.String } value ? value.String() : null;

    public string? TextOrNumber(string name) => Optional(name) switch
    {
        null => null,
        { Kind: JsonValueKind.Number } number => number.RawText(),
        { } text => text.String(),
    };

    public double? Number(string name)
    {
        if (Optional(name) is not { } value)
        {
            return null;
        }

        value.ExpectKind(JsonValueKind.Number, "expected is a number");
        return value.Double();
    }

    public double Double() => double.Parse(RawText(), NumberStyles.Float, CultureInfo.InvariantCulture);

    public bool? Flag(string name) => Optional(name)?.Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The value as JSON text without white space around its parts.</summary>
    public string Compact()
    {
        try
        {
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer, JsonText.Compact))
            {
                element.WriteTo(writer);
            }

            return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
        }
        catch (InvalidOperationException e)
        {
            throw Fault("holds text that is not valid Unicode (broken UTF-8 or half a surrogate pair)", e);
        }
    }

    private JsonPlace At(JsonElement item, int index) => new(item, file, run, $"{path}[{index}]");

    private string RawText() => element.GetRawText();
}
