using System.Text.Json;

namespace DashStream.Providers;

/// <summary>Reads what the meter shows out of librdkafka's statistics (its STATISTICS.md). Pure.</summary>
internal static class StatisticsReader
{
    private const double MicrosecondsPerSecond = 1_000_000;

    /// <summary>Reads; false when the text is not what it should be, since a statistic must not disturb what it counts.</summary>
    public static bool TryRead(string json, out ClientStatistics statistics)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            statistics = new ClientStatistics(
                TextOf(root, "type") == "producer", NumberOf(root, "msg_cnt"), NumberOf(root, "msg_size"), RoundTripsOf(root), LagsOf(root));
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            statistics = new ClientStatistics(IsProducer: false, 0, 0, [], []);
            return false;
        }
    }

    private static List<Statistic> RoundTripsOf(JsonElement root)
    {
        var trips = new List<Statistic>();
        foreach (var broker in Members(root, "brokers"))
        {
            if (broker.Value.TryGetProperty("rtt", out var rtt) && NumberOf(rtt, "cnt") > 0 && NumberOf(broker.Value, "nodeid") >= 0)
            {
                trips.Add(new Statistic(NumberOf(rtt, "avg") / MicrosecondsPerSecond, [new("messaging.kafka.broker", TextOf(broker.Value, "nodename") ?? broker.Name)]));
            }
        }

        return trips;
    }

    private static List<Statistic> LagsOf(JsonElement root)
    {
        var lags = new List<Statistic>();
        foreach (var topic in Members(root, "topics"))
        {
            foreach (var partition in Members(topic.Value, "partitions"))
            {
                var lag = LagOf(partition.Value);
                if (lag >= 0 && NumberOf(partition.Value, "partition") >= 0)
                {
                    lags.Add(new Statistic(lag, [new("messaging.destination.name", topic.Name), new("messaging.destination.partition.id", partition.Name)]));
                }
            }
        }

        return lags;
    }

    // A reader without a group commits nothing: what it has not fetched is what it is behind.
    private static long LagOf(JsonElement partition)
    {
        var (lag, next, end) = (NumberOf(partition, "consumer_lag"), NumberOf(partition, "app_offset"), NumberOf(partition, "hi_offset"));
        return lag >= 0 ? lag : next >= 0 && end >= 0 ? Math.Max(0, end - next) : -1;
    }

    private static string? TextOf(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;

    private static JsonElement.ObjectEnumerator Members(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.Object ? found.EnumerateObject() : default;

    // Minus one where it is missing, as librdkafka says of what it does not know.
    private static long NumberOf(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.Number ? found.GetInt64() : -1;
}
