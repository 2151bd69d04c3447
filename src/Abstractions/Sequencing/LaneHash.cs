using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace DashStream.Sequencing;

/// <summary>
/// Names a (tenant, thread, producer) by 128 bits, so that a table of them keeps no strings. The secret is new in every process: who chooses the names cannot
/// choose two that meet.
/// </summary>
internal static class LaneHash
{
    private const ulong MultiplierA = 0x9E3779B97F4A7C15;
    private const ulong MultiplierB = 0xC2B2AE3D27D4EB4F;

    private static readonly ulong SecretA = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private static readonly ulong SecretB = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    public static UInt128 Of(string tenant, string thread, ReadOnlySpan<byte> producer)
    {
        var (a, b) = (SecretA, SecretB);
        Absorb(MemoryMarshal.AsBytes(tenant.AsSpan()), ref a, ref b);
        Absorb(MemoryMarshal.AsBytes(thread.AsSpan()), ref a, ref b);
        Absorb(producer, ref a, ref b);
        return new UInt128(a, b);
    }

    // The length goes in too, or "ab" + "c" would be "a" + "bc".
    private static void Absorb(ReadOnlySpan<byte> part, ref ulong a, ref ulong b)
    {
        Step((ulong)part.Length, ref a, ref b);
        while (part.Length >= sizeof(ulong))
        {
            Step(BinaryPrimitives.ReadUInt64LittleEndian(part), ref a, ref b);
            part = part[sizeof(ulong)..];
        }

        var rest = 0UL;
        foreach (var value in part)
        {
            rest = (rest << 8) | value;
        }

        Step(rest, ref a, ref b);
    }

    private static void Step(ulong word, ref ulong a, ref ulong b)
    {
        a = Fold(a ^ word, MultiplierA) + SecretB;
        b = Fold(b ^ word, MultiplierB) + SecretA;
    }

    private static ulong Fold(ulong value, ulong multiplier)
    {
        var high = Math.BigMul(value, multiplier, out var low);
        return high ^ low;
    }
}
