using System.Collections.Frozen;

namespace DashStream.Providers;

/// <summary>
/// The native settings on which a promise of the contract rests, with the reason. Somebody who hands in one of them is told so by name, instead of finding
/// out in production what it broke.
/// </summary>
internal static class SettingsGuard
{
    private const string ByOption = "it has an option of its own";
    private const string ByContract = "commits and starting positions are decided by the contract, after handling";

    private static readonly FrozenDictionary<string, string> Refused = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["enable.auto.commit"] = ByContract,
        ["auto.commit.enable"] = ByContract,
        ["auto.commit.interval.ms"] = ByContract,
        ["enable.auto.offset.store"] = ByContract,
        ["auto.offset.reset"] = "a lost position is reported as a gap, never reset in silence; the start is StreamConsumerOptions.Start",
        ["enable.partition.eof"] = "the consumer uses the end markers to tell how far it is",
        ["group.id"] = "the group is given when a consumer is opened",
        ["group.instance.id"] = "static membership is KafkaProviderOptions.StaticMembership",
        ["group.protocol"] = "the protocol is KafkaProviderOptions.GroupProtocol",
        ["group.protocol.type"] = "the protocol is KafkaProviderOptions.GroupProtocol",
        ["session.timeout.ms"] = "the session is StreamConsumerOptions.SessionTimeout",
        ["heartbeat.interval.ms"] = "the interval is StreamConsumerOptions.HeartbeatInterval",
        ["max.poll.interval.ms"] = "polling does not depend on handlers here; a listener call is bounded by StreamConsumerOptions.SessionTimeout",
        ["partition.assignment.strategy"] = "without cooperative-sticky every rebalance would take all partitions from everybody",
        ["enable.idempotence"] = "without it retries may store a record twice or out of order",
        ["acks"] = "a send is complete when all in-sync replicas have it",
        ["request.required.acks"] = "a send is complete when all in-sync replicas have it",
        ["partitioner"] = "a key must go to the same partition on every provider; choose by KafkaProviderOptions.KeyHash",
        ["partitioner_cb"] = "a key must go to the same partition on every provider; choose by KafkaProviderOptions.KeyHash",
        ["transactional.id"] = "a transactional producer would hold every record back until a commit that nobody makes",
        ["delivery.report.only.error"] = "every send is answered",
        ["dotnet.producer.enable.delivery.reports"] = "every send is answered",
        ["dotnet.producer.enable.background.poll"] = "every send is answered",
        ["dotnet.producer.delivery.report.fields"] = "the producer chooses the fields it reads",
        ["dotnet.consumer.consume.result.fields"] = "the consumer chooses the fields it reads",
        ["queuing.strategy"] = "order per key rests on first in, first out",
        ["message.timeout.ms"] = "the deadline is KafkaProviderOptions.SendTimeout",
        ["delivery.timeout.ms"] = "the deadline is KafkaProviderOptions.SendTimeout",
        ["message.max.bytes"] = "the limit is KafkaProviderOptions.MaxRecordBytes, checked before sending",
        ["max.in.flight.requests.per.connection"] = "more than five break the order that idempotence keeps",
        ["max.in.flight"] = "more than five break the order that idempotence keeps",
        ["retries"] = "retries are bounded by KafkaProviderOptions.SendTimeout",
        ["message.send.max.retries"] = "retries are bounded by KafkaProviderOptions.SendTimeout",
        ["compression.type"] = "compression is KafkaProviderOptions.Compression",
        ["compression.codec"] = "compression is KafkaProviderOptions.Compression",
        ["linger.ms"] = ByOption + ", Linger",
        ["queue.buffering.max.ms"] = ByOption + ", Linger",
        ["allow.auto.create.topics"] = "missing topics are made by KafkaProviderOptions.CreateMissingTopics",
        ["client.id"] = ByOption + ", ClientId",
        ["broker.address.family"] = ByOption + ", AddressFamily",
        ["bootstrap.servers"] = ByOption + ", BootstrapServers",
        ["metadata.broker.list"] = ByOption + ", BootstrapServers",
        ["security.protocol"] = ByOption + ", Security",
        ["sasl.mechanism"] = ByOption + ", Security",
        ["sasl.mechanisms"] = ByOption + ", Security",
        ["sasl.username"] = ByOption + ", Security",
        ["sasl.password"] = ByOption + ", Security",
        ["ssl.ca.location"] = ByOption + ", Security",
        ["ssl.certificate.location"] = ByOption + ", Security",
        ["ssl.key.location"] = ByOption + ", Security",
        ["ssl.key.password"] = ByOption + ", Security",
        ["ssl.endpoint.identification.algorithm"] = ByOption + ", Security",
        ["fetch.wait.max.ms"] = ByOption + ", FetchWait",
        ["statistics.interval.ms"] = ByOption + ", StatisticsInterval",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The keys that are refused.</summary>
    public static IReadOnlyCollection<string> RefusedKeys => Refused.Keys;

    /// <summary>Names every setting that is refused.</summary>
    public static IEnumerable<string> Faults(IEnumerable<KeyValuePair<string, string>> settings) =>
        settings.Select(static setting => Refused.ContainsKey(setting.Key) ? Fault(setting.Key)
            : string.IsNullOrWhiteSpace(setting.Key) ? "a setting has no name"
            : setting.Value is null ? $"setting '{setting.Key}' has no value"
            : null).OfType<string>();

    /// <summary>Throws when a hook changed a setting that it must not.</summary>
    /// <param name="hook">The hook's name, for the message.</param>
    /// <param name="before">The configuration before the hook.</param>
    /// <param name="after">The configuration after it.</param>
    /// <exception cref="StreamException">It did (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static void ThrowIfBroken(string hook, IEnumerable<KeyValuePair<string, string>> before, IEnumerable<KeyValuePair<string, string>> after)
    {
        var was = before.ToDictionary(static setting => setting.Key, static setting => setting.Value, StringComparer.Ordinal);
        var now = after.ToDictionary(static setting => setting.Key, static setting => setting.Value, StringComparer.Ordinal);
        var faults = was.Keys.Union(now.Keys)
            .Where(key => Refused.ContainsKey(key) && was.GetValueOrDefault(key) != now.GetValueOrDefault(key))
            .Order(StringComparer.Ordinal)
            .Select(Fault)
            .ToList();
        if (faults.Count > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{nameof(KafkaProviderOptions)}.{hook}: {string.Join("; ", faults)}.");
        }
    }

    private static string Fault(string key) => $"setting '{key}' cannot be changed: {Refused[key]}";
}
