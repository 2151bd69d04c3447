namespace DashStream.Analysis;

/// <summary>One message of a store of the original, or what is wrong at its place.</summary>
/// <param name="Place">For people: <c>line 12</c> or <c>row 12</c>.</param>
/// <param name="Offset">Its position as the original counts it: what its groups' committed positions are compared with.</param>
/// <param name="TimestampUs">When it was stored, in microseconds since the Unix epoch.</param>
/// <param name="Data">The stored bytes: protobuf without a frame. Empty when there is a fault.</param>
/// <param name="Fault">Why the bytes could not be had, or null.</param>
public sealed record OriginalEntry(string Place, long Offset, long TimestampUs, ReadOnlyMemory<byte> Data, string? Fault);

/// <summary>A group of the original and how far it came.</summary>
/// <param name="Group">Its name.</param>
/// <param name="NextOffset">The first position that it had not committed: where it would read on.</param>
public sealed record OriginalGroup(string Group, long NextOffset);
