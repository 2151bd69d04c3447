using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>Single JSON values as text and back.</summary>
internal static class JsonScalar
{
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private const double LargestWhole = 9007199254740991;

    public static string Text(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.GetString()!;
    }

    /// <summary>Whole numbers that a double holds exactly, which is what all readers of JSON agree on, also spelled as 1.0 or 1e3.</summary>
    public static bool TryWhole(ReadOnlySpan<byte> json, out long number)
    {
        var reader = new Utf8JsonReader(json);
        number = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var value) || Math.Abs(value) > LargestWhole || Math.Floor(value) != value)
        {
            return false;
        }

        number = (long)value;
        return true;
    }

    public static bool IsNull(ReadOnlySpan<byte> json) => json.SequenceEqual("null"u8);

    /// <summary>A text as a JSON string. Half a surrogate pair cannot be written; its place is kept.</summary>
    public static byte[] Quote(string text)
    {
        var buffer = new ArrayBufferWriter<byte>(text.Length + 2);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStringValue(Encoding.UTF8.GetBytes(text));
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static bool IsJson(ReadOnlySpan<byte> text, int maxDepth)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = maxDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
