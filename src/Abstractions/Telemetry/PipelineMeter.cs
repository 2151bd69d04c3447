using System.Diagnostics.Metrics;

namespace DashStream.Telemetry;

/// <summary>The meter <c>DashStream</c>: the counters of the pipeline under the original's names. Each costs next to nothing while nobody listens.</summary>
internal static class PipelineMeter
{
    /// <summary>The meter's name, for <c>AddMeter</c>.</summary>
    public const string Name = DashStreamTelemetry.MeterName;

    /// <summary>Every instrument of the client is on it.</summary>
    public static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Sent = Count("dashstream_messages_sent_total", "Messages stored.");
    public static readonly Counter<long> Received = Count("dashstream_messages_received_total", "Messages decoded.");
    public static readonly Counter<long> SendFailures = Count("dashstream_send_failures_total", "Sends that failed after their last attempt.");
    public static readonly Counter<long> PostsDropped = Count("dashstream_posts_dropped_total", "Posted messages that are not known to be stored.");
    public static readonly Counter<long> SendRetries = Count("dashstream_send_retries_total", "Attempts of a send after its first.");
    public static readonly Counter<long> DecodeFailures = Count("dashstream_decode_failures_total", "Records that could not be decoded.");
    public static readonly Counter<long> FetchFailures = Count("dashstream_fetch_failures_total", "Reads that failed.");
    public static readonly Counter<long> InvalidPayloads = Count("dashstream_invalid_payloads_total", "Records that are empty, too large, or no frame at all.");
    public static readonly Counter<long> SequenceGaps = Count("dashstream_sequence_gaps_total", "Gaps in a thread's numbers, one each whatever its size.");
    public static readonly Counter<long> SequenceDuplicates = Count("dashstream_sequence_duplicates_total", "Numbers seen twice in a row.");
    public static readonly Counter<long> SequenceReorders = Count("dashstream_sequence_reorders_total", "Numbers below the expected one.");
    public static readonly Counter<long> DuplicatesDropped = Count("dashstream_duplicates_dropped_total", "Messages not handled because their id was handled before.");
    public static readonly Counter<long> CheckpointWrites = Count("dashstream_offset_checkpoint_writes_total", "Positions committed.");
    public static readonly Counter<long> CheckpointFailures = Count("dashstream_offset_checkpoint_failures_total", "Positions whose commit failed; most are due again with the next one.");
    public static readonly Counter<long> CompressionFailures = Count("dashstream_compression_failures_total", "Compressions that failed; the message went as it was.");
    public static readonly Counter<long> DeadLetterSends = Count("dashstream_dlq_sends_total", "Dead letters stored.");
    public static readonly Counter<long> DeadLetterFailures = Count("dashstream_dlq_send_failures_total", "Dead letters that could not be stored.");
    public static readonly Counter<long> DeadLettersDropped = Count("dashstream_dlq_dropped_total", "Dead letters given up.");
    public static readonly Counter<long> DeadLetterRetries = Count("dashstream_dlq_send_retries_total", "Failed attempts to store a dead letter.");
    public static readonly Counter<long> RateLimitExceeded = Count("dashstream_rate_limit_exceeded_total", "Checks of the rate limit that were refused.");
    public static readonly Counter<long> RateLimitAllowed = Count("dashstream_rate_limit_allowed_total", "Checks of the rate limit that were let through.");
    public static readonly Counter<long> RateLimiterFailures = Count("dashstream_rate_limiter_failures_total", "Checks that the rate limiter could not decide.");
    public static readonly Counter<long> UnsupportedEncoding = Count("dashstream_unsupported_encoding_total", "Values in an encoding that is not supported.");

    public static readonly Histogram<long> SequenceGapSize =
        Meter.CreateHistogram<long>("dashstream_sequence_gap_size", "{message}", "How many numbers a gap lacks.");

    private static Counter<long> Count(string name, string description) => Meter.CreateCounter<long>(name, null, description);
}
