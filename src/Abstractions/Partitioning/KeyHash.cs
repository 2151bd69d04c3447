namespace DashStream;

/// <summary>Which hash sends a key to its partition. The same on every provider, so that a topic can move between them.</summary>
public enum KeyHash
{
    /// <summary>librdkafka's default (<c>consistent_random</c>): CRC-32 of the key modulo partitions; a record without a key goes to any partition.</summary>
    Crc32,

    /// <summary>The Java client's: murmur2 of the key, sign bit cleared, modulo partitions; a record without a key goes to any partition.</summary>
    Murmur2,
}
