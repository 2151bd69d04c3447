using System.Text.Json;

namespace DashStream.Providers;

/// <summary>A topic as stored in its <c>topic.json</c>.</summary>
/// <param name="Id">Made with the topic: a topic made again under the same name has another one.</param>
/// <param name="Spec">How it was made.</param>
internal sealed record TopicFile(Guid Id, TopicSpec Spec)
{
    public const string Name = "topic.json";

    private const int Version = 1;

    public byte[] Encode()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("id", Id);
            json.WriteString("name", Spec.Name);
            json.WriteNumber("partitions", Spec.Partitions);
            if (Spec.RetentionAge is { } age)
            {
                json.WriteNumber("retentionAgeTicks", age.Ticks);
            }

            if (Spec.RetentionBytes is { } size)
            {
                json.WriteNumber("retentionBytes", size);
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Reads a topic; null when there is none.</summary>
    public static TopicFile? TryRead(string path)
    {
        try
        {
            return Decode(path, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new StreamException(StreamErrorKind.Corrupt, $"'{path}' is damaged: {e.Message}", e);
        }
    }

    private static TopicFile Decode(string path, byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        var version = root.GetProperty("version").GetInt32();
        if (version > Version)
        {
            throw new StreamException(StreamErrorKind.Incompatible,
                $"'{path}' has version {version}; this program knows versions up to {Version}. Use a newer one.");
        }

        var spec = new TopicSpec(root.GetProperty("name").GetString()!, root.GetProperty("partitions").GetInt32())
        {
            RetentionAge = root.TryGetProperty("retentionAgeTicks", out var age) ? TimeSpan.FromTicks(age.GetInt64()) : null,
            RetentionBytes = root.TryGetProperty("retentionBytes", out var size) ? size.GetInt64() : null,
        };
        return new TopicFile(root.GetProperty("id").GetGuid(), spec);
    }
}
