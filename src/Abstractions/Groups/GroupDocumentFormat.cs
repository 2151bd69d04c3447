using System.Buffers;
using System.Text.Json;

namespace DashStream.Groups;

/// <summary>
/// The stored form of a <see cref="GroupDocument"/>: JSON with a format number, a partition as <c>[owner, target, fences behind the last one]</c>. A reader
/// refuses a newer format instead of guessing, since it would write the document back.
/// </summary>
internal static class GroupDocumentFormat
{
    private const int Current = 1;
    private const int PartitionFields = 3;

    public static ReadOnlyMemory<byte> Write(GroupDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteNumber("format", Current);
        json.WriteNumber("generation", document.Generation);
        json.WriteNumber("lastMember", document.LastMember);
        json.WriteNumber("lastFence", document.LastFence);
        WriteMembers(json, document);
        WritePartitions(json, document);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Reads a document; an empty one is a new group.</summary>
    /// <exception cref="StreamException">The format is newer (<see cref="StreamErrorKind.Incompatible"/>) or the bytes are damaged
    /// (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public static GroupDocument Read(ReadOnlyMemory<byte> bytes, int partitions, long nowUs, string where)
    {
        var document = GroupDocument.New(partitions, nowUs);
        if (bytes.IsEmpty)
        {
            return document;
        }

        try
        {
            using var json = JsonDocument.Parse(bytes);
            var format = json.RootElement.GetProperty("format").GetInt32();
            if (format > Current)
            {
                throw new StreamException(StreamErrorKind.Incompatible,
                    $"The state of {where} has format {format}; this version reads up to {Current}. Update this program, or delete the group.");
            }

            Fill(document, json.RootElement);
            return document;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new StreamException(StreamErrorKind.Corrupt, $"The state of {where} is damaged: {e.Message}", e);
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, GroupDocument document)
    {
        json.WriteStartArray("members");
        foreach (var member in document.Members)
        {
            json.WriteStartObject();
            json.WriteNumber("number", member.Number);
            json.WriteString("id", member.Id);
            json.WriteNumber("timeoutUs", member.TimeoutUs);
            json.WriteNumber("beat", member.Beat);
            json.WriteNumber("beatUs", member.BeatUs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePartitions(Utf8JsonWriter json, GroupDocument document)
    {
        json.WriteStartArray("partitions");
        foreach (var partition in document.Partitions)
        {
            json.WriteStartArray();
            json.WriteNumberValue(partition.Owner);
            json.WriteNumberValue(partition.Target);
            json.WriteNumberValue(document.LastFence - partition.Fence);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("fromBeginning");
        for (var partition = 0; partition < document.Partitions.Length; partition++)
        {
            if (document.Partitions[partition].FromBeginning)
            {
                json.WriteNumberValue(partition);
            }
        }

        json.WriteEndArray();
    }

    private static void Fill(GroupDocument document, JsonElement json)
    {
        document.Generation = json.GetProperty("generation").GetInt64();
        document.LastMember = json.GetProperty("lastMember").GetInt32();
        document.LastFence = json.GetProperty("lastFence").GetInt64();
        foreach (var member in json.GetProperty("members").EnumerateArray())
        {
            document.Members.Add(new MemberEntry
            {
                Number = member.GetProperty("number").GetInt32(),
                Id = member.GetProperty("id").GetString() ?? throw new FormatException("a member has no id"),
                TimeoutUs = member.GetProperty("timeoutUs").GetInt64(),
                Beat = member.GetProperty("beat").GetInt64(),
                BeatUs = member.GetProperty("beatUs").GetInt64(),
            });
        }

        FillPartitions(document, json);
    }

    private static void FillPartitions(GroupDocument document, JsonElement json)
    {
        var entries = document.Partitions;
        var stored = json.GetProperty("partitions");
        if (stored.GetArrayLength() != entries.Length)
        {
            throw new FormatException($"it has {stored.GetArrayLength()} partitions, the topic has {entries.Length}");
        }

        var next = 0;
        foreach (var partition in stored.EnumerateArray())
        {
            if (partition.GetArrayLength() < PartitionFields)
            {
                throw new FormatException($"partition {next} has {partition.GetArrayLength()} fields instead of {PartitionFields}");
            }

            entries[next++] = new PartitionEntry
            {
                Owner = partition[0].GetInt32(),
                Target = partition[1].GetInt32(),
                Fence = document.LastFence - partition[2].GetInt64(),
            };
        }

        foreach (var partition in json.GetProperty("fromBeginning").EnumerateArray())
        {
            var number = partition.GetInt32();
            if ((uint)number >= (uint)entries.Length)
            {
                throw new FormatException($"there is no partition {number}");
            }

            entries[number].FromBeginning = true;
        }
    }
}
