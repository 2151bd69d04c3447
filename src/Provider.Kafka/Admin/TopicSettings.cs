using System.Globalization;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>Turns a <see cref="TopicSpec"/> into Kafka's settings of a topic and back.</summary>
internal static class TopicSettings
{
    /// <summary>Largest batch a topic takes, frame included.</summary>
    public const string MaxMessageBytes = "max.message.bytes";

    private const string RetentionMs = "retention.ms";
    private const string RetentionBytes = "retention.bytes";
    private const string SegmentMs = "segment.ms";
    private const string LatestTimestamp = "message.timestamp.after.max.ms";
    private const string MinInSyncReplicas = "min.insync.replicas";
    private const string Unlimited = "-1";
    private const int BrokersDefaultMaxMessageBytes = 1_048_588;
    private const int HeaderRoom = 64 * 1024;

    private static readonly TimeSpan DefaultSegmentTime = TimeSpan.FromDays(7);
    private static readonly TimeSpan LeastSegmentTime = TimeSpan.FromMinutes(1);
    private static readonly string[] CleanupPolicies = ["delete", "compact", "compact,delete", "delete,compact"];
    private static readonly string[] Compressions = ["none", "uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"];

    /// <summary>Kafka's specification of the topic.</summary>
    /// <param name="topic">What was asked for; checked.</param>
    /// <param name="options">Replicas and the record limit where the topic does not say.</param>
    /// <param name="withConveniences">Whether to add what makes the topic keep the contract's promises where the spec is silent (large records, any
    /// timestamp); clusters with a policy may refuse it.</param>
    public static TopicSpecification ToKafka(TopicSpec topic, KafkaProviderOptions options, bool withConveniences)
    {
        ThrowIfInvalid(topic);
        var configs = topic.ProviderSettings.Where(static setting => setting.Key != KafkaTopicPresets.ReplicationFactor)
            .ToDictionary(static setting => setting.Key, static setting => setting.Value, StringComparer.Ordinal);
        configs[RetentionMs] = topic.RetentionAge is { } age ? Text((long)age.TotalMilliseconds) : Unlimited;
        configs[RetentionBytes] = topic.RetentionBytes is { } bytes ? Text(bytes) : Unlimited;
        if (topic.RetentionAge is { } retention && retention < DefaultSegmentTime)
        {
            // Kafka removes whole segments: one that goes on for a week would keep records that should be gone after an hour.
            configs.TryAdd(SegmentMs, Text((long)(retention > LeastSegmentTime ? retention : LeastSegmentTime).TotalMilliseconds));
        }

        if (withConveniences)
        {
            configs.TryAdd(LatestTimestamp, Text(long.MaxValue));
            var largest = (long)options.MaxRecordBytes + NativeConfig.RecordOverhead + HeaderRoom;
            if (largest > BrokersDefaultMaxMessageBytes)
            {
                configs.TryAdd(MaxMessageBytes, Text(Math.Min(largest, int.MaxValue)));
            }
        }

        return new TopicSpecification
        {
            Name = topic.Name,
            NumPartitions = topic.Partitions,
            ReplicationFactor = ReplicasOf(topic) ?? options.ReplicationFactor ?? -1,
            Configs = configs,
        };
    }

    /// <summary>The topic as it is.</summary>
    /// <param name="found">What the cluster said of it.</param>
    /// <param name="settings">Its settings; empty when we may not see them.</param>
    public static TopicSpec FromKafka(Confluent.Kafka.Admin.TopicDescription found, IReadOnlyDictionary<string, ConfigEntryResult> settings)
    {
        var own = settings.Values
            .Where(static entry => entry.Source == ConfigSource.DynamicTopicConfig && entry.Name is not (RetentionMs or RetentionBytes) && entry.Value is not null)
            .ToDictionary(static entry => entry.Name, static entry => entry.Value, StringComparer.Ordinal);
        if (found.Partitions.Count > 0)
        {
            own[KafkaTopicPresets.ReplicationFactor] = Text(found.Partitions[0].Replicas.Count);
        }

        return new TopicSpec(found.Name, found.Partitions.Count)
        {
            RetentionAge = NumberOf(settings, RetentionMs) is { } age and >= 0 ? Age(age) : null,
            RetentionBytes = NumberOf(settings, RetentionBytes) is { } bytes and >= 0 ? bytes : null,
            ProviderSettings = own,
        };
    }

    /// <summary>A setting that is a number, or null.</summary>
    public static long? NumberOf(IReadOnlyDictionary<string, ConfigEntryResult> settings, string name) =>
        settings.TryGetValue(name, out var entry) && long.TryParse(entry.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan Age(long milliseconds) =>
        milliseconds > TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(milliseconds);

    private static short? ReplicasOf(TopicSpec topic) =>
        topic.ProviderSettings.TryGetValue(KafkaTopicPresets.ReplicationFactor, out var text) ? short.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private static void ThrowIfInvalid(TopicSpec topic)
    {
        topic.Validate();
        var settings = topic.ProviderSettings;
        var replicas = RequireNumber(topic, KafkaTopicPresets.ReplicationFactor, short.MaxValue);
        var inSync = RequireNumber(topic, MinInSyncReplicas, short.MaxValue);
        Require(topic, replicas is null || inSync is null || inSync <= replicas, MinInSyncReplicas, $"is {inSync}, more than the {replicas} replicas");
        RequireOneOf(topic, settings, "cleanup.policy", CleanupPolicies);
        RequireOneOf(topic, settings, "compression.type", Compressions);
        Require(topic, !settings.ContainsKey(RetentionMs), RetentionMs, $"is set as {nameof(TopicSpec.RetentionAge)}");
        Require(topic, !settings.ContainsKey(RetentionBytes), RetentionBytes, $"is set as {nameof(TopicSpec.RetentionBytes)}");
    }

    private static long? RequireNumber(TopicSpec topic, string name, long most)
    {
        if (!topic.ProviderSettings.TryGetValue(name, out var text))
        {
            return null;
        }

        var parsed = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        Require(topic, parsed && number >= 1 && number <= most, name, $"is '{text}'; allowed are 1 to {most}");
        return number;
    }

    private static void RequireOneOf(TopicSpec topic, IReadOnlyDictionary<string, string> settings, string name, string[] allowed)
    {
        if (settings.TryGetValue(name, out var value))
        {
            Require(topic, allowed.Contains(value.Replace(" ", "", StringComparison.Ordinal), StringComparer.Ordinal), name,
                $"is '{value}'; allowed are {string.Join(", ", allowed)}");
        }
    }

    private static void Require(TopicSpec topic, bool holds, string name, string fault)
    {
        if (!holds)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"Topic '{topic.Name}': setting '{name}' {fault}.");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
