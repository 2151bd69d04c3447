using System.Buffers.Binary;

namespace DashStream.Sequencing;

/// <summary>
/// Message ids that say under which producer identity a message was numbered, so that no record header need: UUIDs of version 8 (RFC 9562), of a count (40 bits), a
/// mark, and the lane's identity (74 random bits).
/// </summary>
internal static class LaneIds
{
    public const int Bytes = 16;

    private const int MarkAt = 5;
    private const int IdentityAt = 6;
    private const int VersionAt = 6;
    private const int VariantAt = 8;
    private const byte Mark = 0xD5;
    private const int MarkBits = 8;

    /// <summary>Length of what <see cref="TryFormatIdentity"/> writes.</summary>
    public const int IdentityChars = (Bytes - IdentityAt) * 2;

    /// <summary>The first id of a new identity.</summary>
    public static void Begin(Span<byte> id)
    {
        Chance.NewId().TryWriteBytes(id, bigEndian: true, out _);
        id[VersionAt] = (byte)((id[VersionAt] & 0x0F) | 0x80);
        id[VariantAt] = (byte)((id[VariantAt] & 0x3F) | 0x80);
        SetCount(id, 0);
    }

    /// <summary>Makes an id of the same identity of it.</summary>
    public static void SetCount(Span<byte> id, ulong count)
    {
        var end = BinaryPrimitives.ReadUInt16BigEndian(id[VersionAt..]);
        BinaryPrimitives.WriteUInt64BigEndian(id, (((count << MarkBits) | Mark) << (8 * sizeof(ushort))) | end);
    }

    /// <summary>Whether an id names the identity under which its message was numbered.</summary>
    public static bool IsMarked(ReadOnlySpan<byte> id) =>
        id.Length == Bytes && id[MarkAt] == Mark && (id[VersionAt] & 0xF0) == 0x80 && (id[VariantAt] & 0xC0) == 0x80;

    /// <summary>Writes the identity as the record header has it, in lower-case hexadecimal ASCII; false when the id names none.</summary>
    public static bool TryFormatIdentity(ReadOnlySpan<byte> id, Span<byte> text) =>
        IsMarked(id) && Convert.TryToHexStringLower(id[IdentityAt..], text, out _);
}
