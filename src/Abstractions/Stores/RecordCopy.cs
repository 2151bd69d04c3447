namespace DashStream.Stores;

/// <summary>Makes the record that a log keeps from the one that was sent, whose buffers its sender may use again.</summary>
internal static class RecordCopy
{
    private const int HeadersOnStack = 16;

    /// <summary>Copies key, value and headers into one block of memory.</summary>
    public static StreamRecord Make(StreamRecord record, StreamPosition position, long timestampUs)
    {
        var headers = record.Headers.AsSpan();
        var size = record.Key.Length + (record.Value?.Length ?? 0);
        foreach (var header in headers)
        {
            size += header.Value.Length;
        }

        Memory<byte> rest = size == 0 ? Memory<byte>.Empty : GC.AllocateUninitializedArray<byte>(size);
        var key = Take(record.Key, ref rest);
        ReadOnlyMemory<byte>? value = null; // not in a conditional expression: there, null would become an empty memory
        if (record.Value is { } sent)
        {
            value = Take(sent, ref rest);
        }

        return new StreamRecord(key, value, CopyHeaders(record.Headers, ref rest), timestampUs, position);
    }

    private static StreamHeaders CopyHeaders(StreamHeaders headers, ref Memory<byte> rest)
    {
        if (headers.Count == 0)
        {
            return StreamHeaders.Empty;
        }

        var few = default(Few);
        Span<StreamHeader> copies = headers.Count <= HeadersOnStack ? ((Span<StreamHeader>)few)[..headers.Count] : new StreamHeader[headers.Count];
        for (var i = 0; i < copies.Length; i++)
        {
            copies[i] = new StreamHeader(headers[i].Name, Take(headers[i].Value, ref rest));
        }

        return StreamHeaders.Create(copies);
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes, ref Memory<byte> rest)
    {
        bytes.CopyTo(rest);
        var copy = rest[..bytes.Length];
        rest = rest[bytes.Length..];
        return copy;
    }

    [System.Runtime.CompilerServices.InlineArray(HeadersOnStack)]
    private struct Few
    {
        private StreamHeader _first;
    }
}
