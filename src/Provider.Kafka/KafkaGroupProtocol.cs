namespace DashStream.Providers;

/// <summary>How members of a group and the brokers agree who reads what.</summary>
public enum KafkaGroupProtocol
{
    /// <summary>The protocol of all Kafka versions, with the cooperative-sticky assignor: a member gives up only what it must.</summary>
    Classic,

    /// <summary>
    /// KIP-848, on brokers from 4.0: the broker assigns, and a rebalance stops nobody else. Session time-out and heartbeat interval are the broker's
    /// (<c>group.consumer.session.timeout.ms</c>); those of <see cref="StreamConsumerOptions"/> bound listener calls only.
    /// </summary>
    Consumer,
}
