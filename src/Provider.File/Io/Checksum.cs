using System.Buffers.Binary;
using System.Numerics;

namespace DashStream.Providers;

/// <summary>CRC-32C, by the processor's own instruction where it has one.</summary>
internal static class Checksum
{
    /// <summary>Goes on from <paramref name="state"/> (a seed or an earlier result) over the bytes.</summary>
    public static uint Crc32C(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            state = BitOperations.Crc32C(state, b);
        }

        return state;
    }

    /// <summary>Of a whole block.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes) => ~Crc32C(uint.MaxValue, bytes);
}
