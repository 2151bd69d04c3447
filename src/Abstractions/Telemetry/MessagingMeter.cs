using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace DashStream.Telemetry;

/// <summary>OpenTelemetry's messaging instruments, on the pipeline's meter: once for every provider.</summary>
internal static class MessagingMeter
{
    // The boundaries that the conventions ask for.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    public static readonly Histogram<double> OperationDuration =
        Duration("messaging.client.operation.duration", "How long a send, a read that brought messages, or a commit took.");

    public static readonly Histogram<double> ProcessDuration =
        Duration("messaging.process.duration", "How long an attempt of a handler took.");

    public static readonly Counter<long> SentMessages =
        PipelineMeter.Meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages whose send was decided, stored or failed.");

    public static readonly Counter<long> ConsumedMessages =
        PipelineMeter.Meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Records that reads brought.");

    /// <summary>Adds what went wrong, if anything did.</summary>
    public static TagList With(this TagList tags, Exception? error)
    {
        if (error is not null)
        {
            tags.Add(StreamSpans.ErrorType, StreamSpans.TypeOf(error));
        }

        return tags;
    }

    private static Histogram<double> Duration(string name, string description) =>
        PipelineMeter.Meter.CreateHistogram(name, "s", description, tags: null, Seconds);
}
