using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace DashStream.Providers;

/// <summary>
/// The meter <c>DashStream.Kafka</c>: what librdkafka knows of queues, round trips and lag, and changes of assignment. Messages are counted by the client, once for
/// every provider. Costs next to nothing while nobody listens. Safe for concurrent use.
/// </summary>
internal sealed class KafkaMeter : IDisposable
{
    /// <summary>The meter's name, for <c>AddMeter</c>.</summary>
    public const string Name = "DashStream.Kafka";

    private static readonly KeyValuePair<string, object?> System = new("messaging.system", "kafka");

    private readonly Meter _meter;
    private readonly Counter<long> _rebalances;
    private readonly Instrument[] _gauges;
    private readonly ConcurrentDictionary<string, ClientStatistics> _clients = new(StringComparer.Ordinal);
    private readonly KeyValuePair<string, object?> _server;

    public KafkaMeter(string servers)
    {
        _server = new KeyValuePair<string, object?>("server.address", servers);
        _meter = new Meter(Name);
        _rebalances = _meter.CreateCounter<long>("messaging.kafka.consumer.rebalances", "{rebalance}", "Changes of assignment, by what was told.");
        _gauges =
        [
            Gauge("messaging.kafka.producer.queue.messages", "{message}", "Records inside librdkafka that are not yet decided.", static s => s.QueuedMessages),
            Gauge("messaging.kafka.producer.queue.size", "By", "Bytes inside librdkafka that are not yet decided.", static s => s.QueuedBytes),
            _meter.CreateObservableGauge("messaging.kafka.broker.rtt", () => Measure(static s => s.RoundTrips), "s", "Round trip of requests, mean of the last interval."),
            _meter.CreateObservableGauge("messaging.kafka.consumer.lag", () => Measure(static s => s.Lags), "{message}",
                "Records behind the end that a group has not committed, or that a reader without one has not fetched."),
        ];
    }

    /// <summary>A listener is told of a change of assignment.</summary>
    public void Rebalanced(string topic, string group, string change)
    {
        if (_rebalances.Enabled)
        {
            _rebalances.Add(1, new TagList
            {
                System, { "messaging.destination.name", topic }, { "messaging.consumer.group.name", group }, { "messaging.kafka.consumer.rebalance", change }, _server,
            });
        }
    }

    /// <summary>librdkafka's statistics of a client, as JSON, which is read only while somebody listens. Called on its poll thread; never throws.</summary>
    /// <param name="client">The client's name, which no other of the process has.</param>
    /// <param name="json">What it says.</param>
    /// <param name="isAdmin">Whether it is the administration client, which librdkafka counts among those that send.</param>
    public void OnStatistics(string client, string json, bool isAdmin = false)
    {
        if (Array.Exists(_gauges, static gauge => gauge.Enabled) && StatisticsReader.TryRead(json, out var statistics))
        {
            _clients[client] = isAdmin ? statistics with { IsProducer = false } : statistics;
        }
    }

    /// <summary>A client was closed.</summary>
    public void Forget(string client) => _clients.TryRemove(client, out _);

    public void Dispose() => _meter.Dispose();

    private ObservableGauge<long> Gauge(string name, string unit, string description, Func<ClientStatistics, long> value) =>
        _meter.CreateObservableGauge(
            name,
            () => _clients.Where(static client => client.Value.IsProducer).Select(client => new Measurement<long>(value(client.Value), System, new("messaging.client.id", client.Key), _server)),
            unit,
            description);

    private IEnumerable<Measurement<double>> Measure(Func<ClientStatistics, IReadOnlyList<Statistic>> values) =>
        _clients.SelectMany(client => values(client.Value).Select(value =>
            new Measurement<double>(value.Value, [System, .. value.Tags, new("messaging.client.id", client.Key), _server])));
}
