using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>What a send that was refused or failed says. Safe for concurrent use.</summary>
internal sealed class SendErrors(string topic, KafkaCluster cluster)
{
    public StreamException Closed() => new(StreamErrorKind.Closed, $"The producer of topic '{topic}' was stopped; open a new one to go on.");

    public StreamException Throttled(long bytes) => new(StreamErrorKind.Throttled,
        $"The producer of topic '{topic}' holds {bytes} bytes that are not yet stored; the limit is {cluster.Options.MaxPendingBytes} (MaxPendingBytes). "
        + "Wait for earlier sends, then try again.");

    public StreamException TimedOut(string what) => Refused() ?? new StreamException(StreamErrorKind.Timeout,
        $"{what} topic '{topic}' was not decided within {cluster.Options.SendTimeout} (SendTimeout); it may be stored all the same. "
        + (cluster.Watch.LastTrouble is { } trouble ? $"Last seen of {cluster.Servers}: {trouble}." : $"{cluster.Servers} did not answer."));

    public StreamException Of(Error error) => KafkaErrors.KindOf(error) switch
    {
        StreamErrorKind.Timeout => TimedOut("A record for"),
        StreamErrorKind.TooLarge => new StreamException(StreamErrorKind.TooLarge,
            $"A record for topic '{topic}' is larger than the brokers take ({error.Code}); the limit here is {cluster.Options.MaxRecordBytes} (MaxRecordBytes), "
            + "theirs is max.message.bytes of the topic. Lower the one or raise the other.", new KafkaException(error)),
        _ => KafkaErrors.Of($"Sending to topic '{topic}' at {cluster.Servers}", error),
    };

    private StreamException? Refused() =>
        cluster.Watch.Refused is { IsCompletedSuccessfully: true } refused ? KafkaErrors.Of($"Sending to topic '{topic}' at {cluster.Servers}", RefusalOf(refused)) : null;

    // Completed already, so nothing waits here.
    private static Error RefusalOf(Task<Error> refused) => refused.GetAwaiter().GetResult();
}
