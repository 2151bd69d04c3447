using System.Buffers.Text;
using System.Text;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// A record as an entry: the field <c>t</c> is its time in microseconds, <c>k</c> its key (absent when empty), <c>v</c> its value (absent for a tombstone), and each
/// <c>h:NAME</c> a header, in order.
/// </summary>
internal static class RedisRecords
{
    /// <summary>More words than a script can hand on at once.</summary>
    public const int MaxHeaders = 3000;

    private const string HeaderPrefix = "h:";
    private const string Plain = "t";
    private const int SmallNumbers = 64;

    // Boxed once: they are sent with every record.
    private static readonly object Time = "t"u8.ToArray();
    private static readonly object Key = "k"u8.ToArray();
    private static readonly object Value = "v"u8.ToArray();
    private static readonly object[] Counts = [.. Enumerable.Range(0, SmallNumbers).Select(static count => (object)count)];

    /// <summary>What all of them have in common, in the words of the append script: nearly all batches are alike, and then less is sent and taken apart.</summary>
    public static string ShapeOf(IEnumerable<StreamRecord> records)
    {
        string? shape = null;
        var headers = 0;
        foreach (var record in records)
        {
            if (record.Key.IsEmpty || record.Value is null || record.Headers.Count > 1)
            {
                return "";
            }

            var own = record.Headers.Count == 0 ? Plain : record.Headers[0].Name;
            if (shape is null)
            {
                (shape, headers) = (own, record.Headers.Count);
            }
            else if (headers != record.Headers.Count || !string.Equals(shape, own, StringComparison.Ordinal))
            {
                return "";
            }
        }

        return shape is null ? "" : headers == 0 ? shape : HeaderPrefix + shape;
    }

    /// <summary>Adds the words of a record to those of the append script.</summary>
    public static void Write(StreamRecord record, long timestampUs, bool isShaped, List<object> words)
    {
        var hasKey = !record.Key.IsEmpty;
        if (isShaped)
        {
            words.Add(timestampUs);
            words.Add(Bytes(record.Key));
            words.Add(Bytes(record.Value!.Value));
            if (record.Headers.Count > 0)
            {
                words.Add(Bytes(record.Headers[0].Value));
            }

            return;
        }

        var count = 2 * (1 + (hasKey ? 1 : 0) + (record.Value is null ? 0 : 1) + record.Headers.Count);
        words.Add(count < SmallNumbers ? Counts[count] : count);
        words.Add(Time);
        words.Add(timestampUs);
        if (hasKey)
        {
            words.Add(Key);
            words.Add(Bytes(record.Key));
        }

        if (record.Value is { } value)
        {
            words.Add(Value);
            words.Add(Bytes(value));
        }

        foreach (var header in record.Headers.AsSpan())
        {
            words.Add(HeaderPrefix + header.Name);
            words.Add(Bytes(header.Value));
        }
    }

    /// <summary>The record in an entry, or null when it is none of ours.</summary>
    public static StreamRecord? Read(RedisResult entry, int partition)
    {
        var parts = entry.Items();
        return parts is [var id, var content] ? Read(RedisIds.Parse(id), content.Items(), partition) : null;
    }

    /// <summary>The record that has these fields at that offset, or null when they are none of ours.</summary>
    public static StreamRecord? Read(UInt128 offset, RedisResult[] fields, int partition)
    {
        if (fields.Length < 2 || fields.Length % 2 != 0)
        {
            return null;
        }

        if (!IsField(fields[0], (byte)'t') || !Utf8Parser.TryParse(Content(fields[1]), out long timestampUs, out _) || timestampUs < 0)
        {
            return null;
        }

        byte[] key = [];
        byte[]? value = null;
        var at = 2;
        if (at < fields.Length && IsField(fields[at], (byte)'k'))
        {
            key = Content(fields[at + 1]);
            at += 2;
        }

        if (at < fields.Length && IsField(fields[at], (byte)'v'))
        {
            value = Content(fields[at + 1]);
            at += 2;
        }

        return TryReadHeaders(fields.AsSpan(at), out var headers)
            ? new StreamRecord(key, value, headers, timestampUs, new StreamPosition(partition, offset))
            : null;
    }

    private static bool TryReadHeaders(ReadOnlySpan<RedisResult> fields, out StreamHeaders headers)
    {
        headers = StreamHeaders.Empty;
        if (fields.IsEmpty)
        {
            return true;
        }

        var items = new StreamHeader[fields.Length / 2];
        for (var i = 0; i < items.Length; i++)
        {
            var name = Content(fields[2 * i]);
            if (!name.AsSpan().StartsWith("h:"u8))
            {
                return false;
            }

            items[i] = new StreamHeader(Encoding.UTF8.GetString(name.AsSpan(HeaderPrefix.Length)), Content(fields[(2 * i) + 1]));
        }

        headers = StreamHeaders.Create(items);
        return true;
    }

    private static bool IsField(RedisResult field, byte name) => (byte[]?)field is [var only] && only == name;

    private static byte[] Content(RedisResult field) => (byte[]?)field ?? [];

    // The client writes whole arrays only.
    private static byte[] Bytes(ReadOnlyMemory<byte> memory) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out var segment) && segment.Array is { } array && array.Length == segment.Count
            ? array
            : memory.ToArray();
}
