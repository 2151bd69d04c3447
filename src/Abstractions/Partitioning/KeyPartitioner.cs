using System.Buffers.Binary;

namespace DashStream;

/// <summary>Maps a key to a partition. Pure and safe for concurrent use.</summary>
public static class KeyPartitioner
{
    private const uint Crc32Polynomial = 0xEDB88320;
    private const uint Murmur2Multiplier = 0x5BD1E995;
    private const uint Murmur2Seed = 0x9747B28C;

    private static readonly uint[] Crc32Table = MakeCrc32Table();

    /// <summary>The partition of a key.</summary>
    /// <param name="key">Not empty: records without a key have no fixed partition.</param>
    /// <param name="partitions">Partitions of the topic, at least 1.</param>
    /// <param name="hash">The hash.</param>
    public static int PartitionOf(ReadOnlySpan<byte> key, int partitions, KeyHash hash = KeyHash.Crc32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(partitions);
        if (key.IsEmpty)
        {
            throw new ArgumentException("An empty key has no fixed partition.", nameof(key));
        }

        var value = hash switch
        {
            KeyHash.Crc32 => Crc32(key),
            KeyHash.Murmur2 => Murmur2(key) & 0x7FFFFFFF,
            _ => throw new ArgumentOutOfRangeException(nameof(hash), hash, "Unknown key hash."),
        };
        return (int)(value % (uint)partitions);
    }

    internal static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc = Crc32Table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    internal static uint Murmur2(ReadOnlySpan<byte> bytes)
    {
        var h = Murmur2Seed ^ (uint)bytes.Length;
        while (bytes.Length >= sizeof(uint))
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(bytes) * Murmur2Multiplier;
            k = (k ^ (k >> 24)) * Murmur2Multiplier;
            h = (h * Murmur2Multiplier) ^ k;
            bytes = bytes[sizeof(uint)..];
        }

        if (!bytes.IsEmpty)
        {
            for (var i = bytes.Length - 1; i >= 0; i--)
            {
                h ^= (uint)bytes[i] << (8 * i);
            }

            h *= Murmur2Multiplier;
        }

        h = (h ^ (h >> 13)) * Murmur2Multiplier;
        return h ^ (h >> 15);
    }

    private static uint[] MakeCrc32Table()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ Crc32Polynomial : crc >> 1;
            }

            table[i] = crc;
        }

        return table;
    }
}
