using System.Globalization;

namespace DashStream.Providers;

/// <summary>
/// Topics as the original makes them, to start from: <c>KafkaTopicPresets.Recommended("events") with { Partitions = 24 }</c>. Retention is by age; the rest goes as native
/// settings of the topic. Where they say zstd, the brokers compress again what arrives otherwise; <c>compression.type</c> = <c>producer</c> spares them that when
/// message frames are compressed already.
/// </summary>
public static class KafkaTopicPresets
{
    /// <summary>The one setting in <see cref="TopicSpec.ProviderSettings"/> that is no native setting of a topic: how many brokers keep each partition.</summary>
    public const string ReplicationFactor = "replication.factor";

    private const string SegmentBytes = "segment.bytes";
    private const string CleanupPolicy = "cleanup.policy";
    private const string CompressionType = "compression.type";
    private const string MinInSyncReplicas = "min.insync.replicas";
    private const int GiB = 1024 * 1024 * 1024;
    private const int QuarterGiB = GiB / 4;

    /// <summary>For a cluster of one broker: 10 partitions, one replica, 7 days, segments of 1 GiB, stored with zstd.</summary>
    public static TopicSpec Default(string topic) => Make(topic, partitions: 10, replicas: 1, days: 7, GiB, "zstd");

    /// <summary>For production on three brokers or more: 10 partitions, three replicas of which two must have a record, 7 days, stored with zstd.</summary>
    public static TopicSpec Recommended(string topic) => Make(topic, partitions: 10, replicas: 3, days: 7, GiB, "zstd", inSync: 2);

    /// <summary>For development: 3 partitions, one replica, 1 day, small segments, stored as sent.</summary>
    public static TopicSpec Development(string topic) => Make(topic, partitions: 3, replicas: 1, days: 1, QuarterGiB, "producer");

    /// <summary>For dead letters: 3 partitions, one replica, 30 days, small segments, stored with zstd.</summary>
    public static TopicSpec DeadLetters(string topic) => Make(topic, partitions: 3, replicas: 1, days: 30, QuarterGiB, "zstd");

    /// <summary>A topic that keeps the newest record of every key for good.</summary>
    /// <param name="topic">The name.</param>
    /// <param name="partitions">1 to 1024.</param>
    public static TopicSpec Compacted(string topic, int partitions = 10) => new(topic, partitions)
    {
        ProviderSettings = new Dictionary<string, string>(StringComparer.Ordinal) { [CleanupPolicy] = "compact" },
    };

    private static TopicSpec Make(string topic, int partitions, short replicas, int days, int segmentBytes, string compression, int? inSync = null)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [ReplicationFactor] = replicas.ToString(CultureInfo.InvariantCulture),
            [SegmentBytes] = segmentBytes.ToString(CultureInfo.InvariantCulture),
            [CleanupPolicy] = "delete",
            [CompressionType] = compression,
        };
        if (inSync is { } least)
        {
            settings.Add(MinInSyncReplicas, least.ToString(CultureInfo.InvariantCulture));
        }

        return new TopicSpec(topic, partitions) { RetentionAge = TimeSpan.FromDays(days), ProviderSettings = settings };
    }
}
