namespace DashStream.Providers;

/// <summary>What one client of librdkafka said of itself last.</summary>
/// <param name="IsProducer">Whether it sends.</param>
/// <param name="QueuedMessages">Records not yet decided.</param>
/// <param name="QueuedBytes">Bytes of them.</param>
/// <param name="RoundTrips">Mean round trip in seconds, by broker.</param>
/// <param name="Lags">Records behind the end, by partition.</param>
internal sealed record ClientStatistics(
    bool IsProducer, long QueuedMessages, long QueuedBytes, IReadOnlyList<Statistic> RoundTrips, IReadOnlyList<Statistic> Lags);

/// <summary>A number with what it is of.</summary>
/// <param name="Value">The number.</param>
/// <param name="Tags">Broker, or topic and partition.</param>
internal readonly record struct Statistic(double Value, KeyValuePair<string, object?>[] Tags);
