namespace DashStream.Providers;

/// <summary>Under which id a group is known to Kafka, whose groups are not bound to a topic as ours are.</summary>
public enum KafkaGroupNaming
{
    /// <summary>
    /// <c>GROUP@TOPIC</c> (default): a group of the same name on another topic is another group, so neither disturbs the other's rebalances, resets or
    /// deletion. Permissions can be given by the prefix <c>GROUP</c>.
    /// </summary>
    PerTopic,

    /// <summary>
    /// The bare name, to share commits with other Kafka clients. Groups of that name on several topics are then one to Kafka: they rebalance together, and a
    /// reset or deletion is refused while any of them is at work.
    /// </summary>
    Plain,
}
