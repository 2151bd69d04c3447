using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace DashStream.Providers;

/// <summary>Every log line of the Kafka provider, with its number for good. Payloads and secrets are never logged.</summary>
internal static partial class KafkaLog
{
    [LoggerMessage(EventId = 401, Message = "librdkafka ({Facility}): {Text}")]
    public static partial void Native(ILogger logger, LogLevel level, string facility, string text);

    [LoggerMessage(EventId = 402, Level = LogLevel.Warning, Message = "{Servers}: {Code}: {Text}")]
    public static partial void Trouble(ILogger logger, string servers, ErrorCode code, string text);

    [LoggerMessage(EventId = 403, Level = LogLevel.Critical, Message = "{Servers}: {Code}, which ends this client for good: {Text}")]
    public static partial void FatalTrouble(ILogger logger, string servers, ErrorCode code, string text);

    [LoggerMessage(EventId = 404, Level = LogLevel.Warning,
        Message = "Message frames are compressed and Kafka batches are compressed again with {Compression}: that costs processor time for next to nothing. "
            + "Set KafkaProviderOptions.Compression to None, or turn the compression of the codec off.")]
    public static partial void CompressedTwice(ILogger logger, KafkaCompression compression);

    [LoggerMessage(EventId = 405, Level = LogLevel.Warning,
        Message = "{Topic}: the brokers take batches of {TopicLimit} bytes, less than the {Limit} of KafkaProviderOptions.MaxRecordBytes; larger records are refused before sending")]
    public static partial void TopicTakesLess(ILogger logger, string topic, long topicLimit, int limit);

    [LoggerMessage(EventId = 406, Level = LogLevel.Warning, Message = "{Topic}: a header without a name that this contract can hold was left out at {Position}")]
    public static partial void HeaderLeftOut(ILogger logger, string topic, string position);

    [LoggerMessage(EventId = 407, Level = LogLevel.Warning,
        Message = "{Topic}: a listener call outlasted the session of {Session}; the member has left group {Group} and joins again when the call returns")]
    public static partial void ListenerOutlastedSession(ILogger logger, string topic, string group, TimeSpan session);

    [LoggerMessage(EventId = 408, Level = LogLevel.Warning, Message = "{Topic}: reading failed, the client goes on by itself")]
    public static partial void ReadTrouble(ILogger logger, string topic, Exception error);

    [LoggerMessage(EventId = 409, Level = LogLevel.Information, Message = "{Topic}: group {Group}: {Change} partitions {Partitions}")]
    public static partial void Rebalanced(ILogger logger, string topic, string group, string change, IReadOnlyList<int> partitions);

    [LoggerMessage(EventId = 410, Level = LogLevel.Warning, Message = "{What} failed while closing and was given up")]
    public static partial void ClosingFailed(ILogger logger, string what, Exception error);

    [LoggerMessage(EventId = 411, Level = LogLevel.Information,
        Message = "{Servers}: the administration client was left without an answer to a request; a new one takes its place")]
    public static partial void AdminReplaced(ILogger logger, string servers);
}
