namespace DashStream.Providers;

/// <summary>A partition as it was a moment ago.</summary>
/// <param name="Bounds">Offsets held.</param>
/// <param name="Last">Last id given; its number is 0 when none was.</param>
/// <param name="Records">Entries in the stream.</param>
/// <param name="Bytes">Bytes of keys, values and headers.</param>
internal readonly record struct PartitionStanding(PartitionBounds Bounds, UInt128 Last, long Records, long Bytes);
