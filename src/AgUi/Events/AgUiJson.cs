using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>Looks into JSON objects without building them.</summary>
internal static class AgUiJson
{
    private const int Depth = 1001;

    /// <summary>The text of a member of an object.</summary>
    public static bool TryMember(ReadOnlyMemory<byte> json, string name, out ReadOnlyMemory<byte> value)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = Depth });
        value = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isIt)
            {
                value = json[start..(int)reader.BytesConsumed];
                return true;
            }
        }

        return false;
    }
}
