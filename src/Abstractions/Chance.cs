using System.Security.Cryptography;

namespace DashStream;

/// <summary>Where randomness and new ids come from, in one place, so that a run can be repeated from a seed. Thread-safe unless seeded.</summary>
internal static class Chance
{
    private const int IdBytes = 16;
    private const int IdsAtOnce = 128;
    private const int VersionByte = 6;
    private const int VariantByte = 8;

    private static Random? _seeded;

    [ThreadStatic]
    private static byte[]? _secure;

    [ThreadStatic]
    private static int _secureUsed;

    public static Random Random => _seeded ?? Random.Shared;

    public static Guid NewId()
    {
        if (_seeded is not { } random)
        {
            return NewSecureId();
        }

        Span<byte> bytes = stackalloc byte[IdBytes];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    /// <summary>From now on the same numbers and ids come in the same order. For a process that runs one thing at a time and nothing else.</summary>
    public static void Seed(int seed) => _seeded = new Random(seed);

    // As Guid.NewGuid makes them (version 4, of secure random bytes), without asking the system for each.
    private static Guid NewSecureId()
    {
        var secure = _secure ??= new byte[IdsAtOnce * IdBytes];
        if (_secureUsed == 0)
        {
            RandomNumberGenerator.Fill(secure);
        }

        var id = secure.AsSpan(_secureUsed, IdBytes);
        _secureUsed = (_secureUsed + IdBytes) % secure.Length;
        id[VersionByte] = (byte)((id[VersionByte] & 0x0F) | 0x40);
        id[VariantByte] = (byte)((id[VariantByte] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
