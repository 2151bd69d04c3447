using System.Buffers.Binary;
using System.Numerics;

namespace DashStream.Sequencing;

/// <summary>
/// Message ids that say under which producer identity a message was numbered, so that no record header need: UUIDs of version 8 (RFC 9562), of a count (32 bits), a
/// check sum (28 bits) and the lane's random bits (62). Without the sum one in 4,096 GUIDs in the byte order of .NET would pass for one, and halt its thread.
/// </summary>
internal static class LaneIds
{
    public const int Bytes = 16;

    private const int CheckAt = 4;
    private const int IdentityAt = 6;
    private const int RandomAt = 8;
    private const uint Version = 0x8000;
    private const uint VersionBits = 0xF000;

    /// <summary>Length of what <see cref="TryFormatIdentity"/> writes.</summary>
    public const int IdentityChars = (Bytes - IdentityAt) * 2;

    /// <summary>The first id of a new identity.</summary>
    public static void Begin(Span<byte> id)
    {
        Chance.NewId().TryWriteBytes(id, bigEndian: true, out _);
        id[RandomAt] = (byte)((id[RandomAt] & 0x3F) | 0x80);
        BinaryPrimitives.WriteUInt32BigEndian(id[CheckAt..], CheckOf(id));
        SetCount(id, 0);
    }

    /// <summary>Makes an id of the same identity of it.</summary>
    public static void SetCount(Span<byte> id, uint count) => BinaryPrimitives.WriteUInt32BigEndian(id, count);

    /// <summary>Whether an id names the identity under which its message was numbered.</summary>
    public static bool IsMarked(ReadOnlySpan<byte> id) =>
        id.Length == Bytes && (id[RandomAt] & 0xC0) == 0x80 && BinaryPrimitives.ReadUInt32BigEndian(id[CheckAt..]) == CheckOf(id);

    /// <summary>Writes the identity as the record header has it, in lower-case hexadecimal ASCII; false when the id names none.</summary>
    public static bool TryFormatIdentity(ReadOnlySpan<byte> id, Span<byte> text) =>
        IsMarked(id) && Convert.TryToHexStringLower(id[IdentityAt..], text, out _);

    // CRC-32C of the last eight bytes, four bits of which give way to the version.
    private static uint CheckOf(ReadOnlySpan<byte> id) =>
        (~BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt64LittleEndian(id[RandomAt..])) & ~VersionBits) | Version;
}
