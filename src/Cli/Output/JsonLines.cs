using System.Text;
using System.Text.Json;

namespace DashStream.Cli.Output;

/// <summary>Listings as one JSON object a line.</summary>
internal static class JsonLines
{
    public static void Write<T>(TextWriter output, IEnumerable<T> items, Action<Utf8JsonWriter, T> members)
    {
        using var buffer = new MemoryStream();
        foreach (var item in items)
        {
            buffer.SetLength(0);
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                members(writer, item);
                writer.WriteEndObject();
            }

            output.Write(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
            output.Write('\n');
        }
    }

    public static void WriteNumberOrNull(Utf8JsonWriter writer, string name, long? number)
    {
        if (number is { } value)
        {
            writer.WriteNumber(name, value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
