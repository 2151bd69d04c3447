using System.Globalization;
using System.Text.RegularExpressions;
using DashStream.Conformance.Kafka;

namespace DashStream.Bench.Kafka;

/// <summary>Kafka's own measuring programs: the yardstick that does not depend on any .NET client. They say themselves how fast they were.</summary>
internal static partial class PerfTools
{
    private const int FetchRecordsPerSecond = 9;

    public static BenchSide Producer(KafkaBroker broker, KafkaDistribution tools, string topic) =>
        new("kafka-producer-perf-test, linger 5 ms, batch 131072, no keys", async (operations, cancellationToken) =>
        {
            var output = await tools.RunAsync(
                "kafka-producer-perf-test.sh",
                [
                    "--topic", topic, "--num-records", Text(operations), "--record-size", Text(RunMessages.ValueBytes), "--throughput", "-1", "--producer-props",
                    $"bootstrap.servers={broker.Servers}", "linger.ms=5", "batch.size=131072", "acks=all",
                ],
                cancellationToken);
            var rate = Rates().Matches(output)[^1].Groups[1].Value;
            return TimeSpan.FromSeconds(operations / double.Parse(rate, CultureInfo.InvariantCulture));
        })
        { IsHere = false };

    /// <summary>Its time without that for joining the group.</summary>
    public static BenchSide Consumer(KafkaBroker broker, KafkaDistribution tools, string topic) =>
        new("kafka-consumer-perf-test, its time to fetch", async (operations, cancellationToken) =>
        {
            var output = await tools.RunAsync(
                "kafka-consumer-perf-test.sh",
                ["--topic", topic, "--bootstrap-server", broker.Servers, "--num-records", Text(operations), "--hide-header"], cancellationToken);
            var columns = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split(',', StringSplitOptions.TrimEntries);
            var rate = double.Parse(columns[FetchRecordsPerSecond], CultureInfo.InvariantCulture);
            return TimeSpan.FromSeconds(operations / rate);
        })
        { IsHere = false };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"([\d.]+) records/sec")]
    private static partial Regex Rates();
}
