using System.Globalization;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// The names of our keys. Names of topics and groups hold no braces, so what stands in braces decides the cluster slot: the topic, or the topic with the partition's number when
/// partitions spread.
/// </summary>
internal sealed class RedisKeys(string prefix, bool spread)
{
    /// <summary>Whether partitions have slots of their own.</summary>
    public bool Spread => spread;

    /// <summary>Names of all topics.</summary>
    public RedisKey Topics => $"{prefix}:topics";

    /// <summary>What the topic was made with.</summary>
    public RedisKey Topic(string topic) => $"{prefix}:{{{topic}}}:topic";

    /// <summary>Stream whose last id is the topic's stamp: readers and members block on it.</summary>
    public RedisKey Wake(string topic) => $"{prefix}:{{{topic}}}:wake";

    /// <summary>Names of the topic's groups.</summary>
    public RedisKey Groups(string topic) => $"{prefix}:{{{topic}}}:groups";

    /// <summary>A group: version, document, fences, commits.</summary>
    public RedisKey Group(string topic, string group) => $"{prefix}:{{{topic}}}:group:{group}";

    /// <summary>The records.</summary>
    public RedisKey Partition(string topic, int partition) => $"{prefix}:{{{Tag(topic, partition)}}}:p:{Number(partition)}";

    /// <summary>Last id, begin, bytes.</summary>
    public RedisKey State(string topic, int partition) => $"{prefix}:{{{Tag(topic, partition)}}}:p:{Number(partition)}:state";

    /// <summary>Where records of which time begin.</summary>
    public RedisKey Times(string topic, int partition) => $"{prefix}:{{{Tag(topic, partition)}}}:p:{Number(partition)}:times";

    /// <summary>Which native groups show what.</summary>
    public RedisKey Shown(string topic, int partition) => $"{prefix}:{{{Tag(topic, partition)}}}:p:{Number(partition)}:shown";

    /// <summary>What a producer stored last in the partition's slot.</summary>
    public RedisKey Producer(string topic, int partition, Guid producer) => $"{prefix}:{{{Tag(topic, partition)}}}:producer:{producer:N}";

    private string Tag(string topic, int partition) => spread ? $"{topic}#{Number(partition)}" : topic;

    private static string Number(int partition) => partition.ToString(CultureInfo.InvariantCulture);
}
