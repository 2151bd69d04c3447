namespace DashStream.Providers;

/// <summary>A record with the bytes it counts for.</summary>
/// <param name="Record">The record, with its position.</param>
/// <param name="Size">Bytes of key, value and headers.</param>
internal readonly record struct FetchedRecord(StreamRecord Record, long Size)
{
    public StreamPosition Position => Record.Position!.Value;

    public long Offset => (long)Position.Offset;
}
