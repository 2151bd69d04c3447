using System.Diagnostics.Metrics;

namespace DashStream.Providers;

/// <summary>The original's two instruments of the shared limiter, on the meter of the client. Each costs next to nothing while nobody listens.</summary>
internal static class LimiterMeter
{
    public const string Connect = "new_connection";
    public const string Check = "rate_limit_check";
    public const string CheckTimeout = "rate_limit_check_timeout";

    private static readonly Meter Meter = new(DashStreamTelemetry.MeterName);

    private static readonly Counter<long> Errors = Meter.CreateCounter<long>("dashstream_rate_limiter_redis_errors_total", null, "Failed calls of the shared rate limiter.");

    private static readonly Histogram<double> Latency =
        Meter.CreateHistogram("dashstream_rate_limiter_redis_latency_ms", "ms", "Time of a call of the shared rate limiter.", tags: null, new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500],
        });

    public static void Failed(string operation) => Errors.Add(1, Operation(operation));

    public static void Took(string operation, TimeSpan time) => Latency.Record(time.TotalMilliseconds, Operation(operation));

    private static KeyValuePair<string, object?> Operation(string name) => new("operation", name);
}
