namespace DashStream;

/// <summary>Where randomness and new ids come from, in one place, so that a run can be repeated from a seed. Thread-safe unless seeded.</summary>
internal static class Chance
{
    private static Random? _seeded;

    public static Random Random => _seeded ?? Random.Shared;

    public static Guid NewId()
    {
        if (_seeded is not { } random)
        {
            return Guid.NewGuid();
        }

        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    /// <summary>From now on the same numbers and ids come in the same order. For a process that runs one thing at a time and nothing else.</summary>
    public static void Seed(int seed) => _seeded = new Random(seed);
}
