using System.Diagnostics;
using System.Globalization;

namespace DashStream.Telemetry;

/// <summary>The spans of the client and the attributes they share, after OpenTelemetry's messaging conventions. Nothing is made while nobody listens.</summary>
internal static class StreamSpans
{
    public const string System = "messaging.system";
    public const string Destination = "messaging.destination.name";
    public const string PartitionId = "messaging.destination.partition.id";
    public const string Group = "messaging.consumer.group.name";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string MessageId = "messaging.message.id";
    public const string BatchSize = "messaging.batch.message_count";
    public const string ErrorType = "error.type";

    private const string Kafka = "kafka";
    private const string KafkaOffset = "messaging.kafka.offset";
    private const string OtherOffset = "dashstream.message.offset";
    private const int MessageIdBytes = 16;

    /// <summary>Links one span carries at most: what OpenTelemetry keeps by default.</summary>
    public const int MaxLinks = 128;

    public static readonly ActivitySource Source = new(DashStreamTelemetry.SourceName);

    /// <summary>What a failure is called on spans and instruments: the kind of ours, the type of others. Never its text, which may quote a payload.</summary>
    public static string TypeOf(Exception error) => error switch
    {
        StreamException ours => ours.Kind.ToString(),
        OperationCanceledException => "Cancelled",
        _ => error.GetType().FullName ?? error.GetType().Name,
    };

    /// <summary>The attributes that a sampler sees.</summary>
    public static TagList TagsOf(string system, string topic, string operation, string type, string? group = null)
    {
        var tags = new TagList { { System, system }, { Destination, topic }, { OperationName, operation }, { OperationType, type } };
        if (group is not null)
        {
            tags.Add(Group, group);
        }

        return tags;
    }

    /// <summary>Where a message lies, on a span.</summary>
    public static void Place(Activity span, string system, StreamPosition position)
    {
        span.SetTag(PartitionId, position.Partition.ToString(CultureInfo.InvariantCulture));
        if (system == Kafka)
        {
            span.SetTag(KafkaOffset, (long)position.Offset);
        }
        else
        {
            span.SetTag(OtherOffset, position.Offset.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A message's id as text: a UUID where it is one, hexadecimal otherwise.</summary>
    public static string IdText(ReadOnlySpan<byte> id) =>
        id.Length == MessageIdBytes ? new Guid(id, bigEndian: true).ToString() : Convert.ToHexStringLower(id);

    public static void Failed(Activity? span, Exception error)
    {
        span?.SetTag(ErrorType, TypeOf(error));
        span?.SetStatus(ActivityStatusCode.Error);
    }
}
