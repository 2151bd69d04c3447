namespace DashStream.Providers;

/// <summary>How librdkafka compresses the batches it sends.</summary>
public enum KafkaCompression
{
    /// <summary>Not at all (default): message frames are compressed already, and compressing twice costs processor time for nothing.</summary>
    None,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>Snappy.</summary>
    Snappy,

    /// <summary>LZ4.</summary>
    Lz4,

    /// <summary>Zstandard.</summary>
    Zstd,
}
