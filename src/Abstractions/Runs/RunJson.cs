using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>JSON that an application gives as text.</summary>
internal static class RunJson
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text itself where it is JSON, else the text as a JSON string; nothing for nothing.</summary>
    public static ByteString Of(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return ByteString.Empty;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        return UnsafeByteOperations.UnsafeWrap(IsJson(bytes) ? bytes : Quote(text));
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
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

    private static byte[] Quote(string text)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            // Half a surrogate pair cannot be written; its place is kept.
            writer.WriteStringValue(Encoding.UTF8.GetBytes(text));
        }

        return buffer.WrittenSpan.ToArray();
    }
}
