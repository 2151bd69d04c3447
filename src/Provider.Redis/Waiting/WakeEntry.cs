using System.Buffers.Text;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>An entry of a wake stream.</summary>
/// <param name="Stamp">The number in its id.</param>
/// <param name="Group">The group that it speaks of, or null for an append.</param>
/// <param name="Record">The one record that was appended, where the entry brings it.</param>
internal readonly record struct WakeEntry(long Stamp, string? Group, StreamRecord? Record)
{
    /// <summary>Null when the reply is no entry.</summary>
    /// <exception cref="StreamException">It is somebody else's (<see cref="StreamErrorKind.Incompatible"/>); the next change of ours removes it.</exception>
    public static WakeEntry? Read(RedisResult entry)
    {
        if (entry.Items() is not [var id, var content])
        {
            return null;
        }

        var position = RedisIds.Parse(id);
        if (RedisIds.Upper(position) != 0)
        {
            throw new StreamException(StreamErrorKind.Incompatible, $"Entry {RedisIds.ToText(position)} of a wake stream is none of ours: somebody else wrote into our key.");
        }

        var stamp = (long)RedisIds.Lower(position);
        return content.Items() switch
        {
            [var what, var group] when IsText(what, "group"u8) => new WakeEntry(stamp, (string?)group, Record: null),
            [var what, var place, .. var fields] when IsText(what, "append"u8) && fields.Length > 0 => new WakeEntry(stamp, Group: null, ReadRecord(place, fields)),
            _ => new WakeEntry(stamp, Group: null, Record: null),
        };
    }

    // The place is the partition, a blank, and the id.
    private static StreamRecord? ReadRecord(RedisResult place, RedisResult[] fields)
    {
        var text = ((byte[]?)place).AsSpan();
        return Utf8Parser.TryParse(text, out int partition, out var used) && used < text.Length && text[used] == (byte)' '
            && RedisIds.TryParse(text[(used + 1)..]) is { } offset
            ? RedisRecords.Read(offset, fields, partition)
            : null;
    }

    private static bool IsText(RedisResult part, ReadOnlySpan<byte> text) => ((byte[]?)part).AsSpan().SequenceEqual(text);
}
