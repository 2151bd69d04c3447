using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream;

/// <summary>Every log line of the client, with its number for good. Payloads are never logged.</summary>
internal static partial class Log
{
    /// <summary>The logger of whatever is built from a container; silent where logging is not registered.</summary>
    public static ILogger For(IServiceProvider services) =>
        (ILogger?)services.GetService<ILoggerFactory>()?.CreateLogger("DashStream") ?? NullLogger.Instance;

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "{Topic}: reading failed, trying again in {Delay}")]
    public static partial void ReadRetried(ILogger logger, string topic, TimeSpan delay, Exception error);

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "{Topic}: a commit failed and is tried again with the next one")]
    public static partial void CommitRetried(ILogger logger, string topic, Exception error);

    [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "{Topic}: partition {Partition} no longer holds offsets {From} to {To}; reading goes on at {To}")]
    public static partial void GapFound(ILogger logger, string topic, int partition, string from, string to);

    [LoggerMessage(EventId = 104, Level = LogLevel.Error, Message = "{Topic}: the record at {Position} failed (attempt {Attempt})")]
    public static partial void DeliveryFailed(ILogger logger, string topic, string position, int attempt, Exception error);

    [LoggerMessage(EventId = 105, Level = LogLevel.Warning, Message = "{Topic}: stopped with {Left} records left, which will be delivered again")]
    public static partial void StoppedWithWorkLeft(ILogger logger, string topic, long left);

    [LoggerMessage(EventId = 106, Level = LogLevel.Warning, Message = "{Topic}: the stop after a failed run failed too")]
    public static partial void StopFailed(ILogger logger, string topic, Exception error);

    [LoggerMessage(EventId = 107, Level = LogLevel.Critical, Message = "{Topic}: OnFailure itself failed for the record at {Position}; the options decide instead")]
    public static partial void FailureCallbackFailed(ILogger logger, string topic, string position, Exception error);

    [LoggerMessage(EventId = 108, Level = LogLevel.Error,
        Message = "{Topic}: the dead letter of the record at {Position} could not be stored (attempt {Attempt}), trying again in {Delay}; its partition's commit stands")]
    public static partial void DeadLetterRetried(ILogger logger, string topic, string position, int attempt, TimeSpan delay, Exception error);

    [LoggerMessage(EventId = 120, Level = LogLevel.Warning, Message = "{Topic}: a dead letter was not stored (attempt {Attempt}), trying again")]
    public static partial void LetterStoreRetried(ILogger logger, string topic, int attempt, Exception error);

    [LoggerMessage(EventId = 121, Level = LogLevel.Error, Message = "{Topic}: the dead letter at {Position} failed its own reader and is not wrapped again; it stays where it is")]
    public static partial void DeadLetterKept(ILogger logger, string topic, string position, Exception error);

    [LoggerMessage(EventId = 122, Level = LogLevel.Warning, Message = "{Topic}: dead letters cannot be stored and wait in {Folder}")]
    public static partial void DeadLetterSpooled(ILogger logger, string topic, string folder, Exception error);

    [LoggerMessage(EventId = 123, Level = LogLevel.Error, Message = "{Folder}: the spooled dead letter {File} cannot be stored ever and was put aside")]
    public static partial void DeadLetterPutAside(ILogger logger, string folder, string file, Exception error);

    [LoggerMessage(EventId = 140, Level = LogLevel.Error, Message = "{Topic}: the dead letter of a failed send could not be stored; its caller has the send's error")]
    public static partial void DeadLetterLost(ILogger logger, string topic, Exception error);

    [LoggerMessage(EventId = 109, Level = LogLevel.Warning,
        Message = "{Topic}: thread {Thread} of tenant {Tenant} lacks numbers: {Expected} was expected, {Received} came")]
    public static partial void NumbersMissing(ILogger logger, string topic, string tenant, string thread, ulong expected, ulong received);

    [LoggerMessage(EventId = 110, Level = LogLevel.Error,
        Message = "{Topic}: thread {Thread} of tenant {Tenant} is halted: {Expected} was expected, {Received} came")]
    public static partial void ThreadHalted(ILogger logger, string topic, string tenant, string thread, ulong expected, ulong received);

    [LoggerMessage(EventId = 111, Level = LogLevel.Debug,
        Message = "{Topic}: number {Received} of thread {Thread} of tenant {Tenant} came again; {Expected} was expected")]
    public static partial void NumberRepeated(ILogger logger, string topic, string tenant, string thread, ulong received, ulong expected);

    [LoggerMessage(EventId = 112, Level = LogLevel.Debug,
        Message = "{Topic}: number {Received} of thread {Thread} of tenant {Tenant} came late; {Expected} was expected")]
    public static partial void NumberLate(ILogger logger, string topic, string tenant, string thread, ulong received, ulong expected);

    [LoggerMessage(EventId = 113, Level = LogLevel.Error, Message = "{Topic}: the store of message ids failed, trying again in {Delay}; the message waits")]
    public static partial void DuplicatesRetried(ILogger logger, string topic, TimeSpan delay, Exception error);

    [LoggerMessage(EventId = 114, Level = LogLevel.Error, Message = "{Topic}: a batch of {Count} messages failed (attempt {Attempt})")]
    public static partial void BatchFailed(ILogger logger, string topic, int count, int attempt, Exception error);

    [LoggerMessage(EventId = 115,
        Message = "{Topic}: the handler of group {Group} stopped: {Finished} records finished, {Left} left, complete {Complete}, commits in {Partitions} partitions")]
    public static partial void HandlerStopped(
        ILogger logger, LogLevel level, string topic, string group, long finished, long left, bool complete, int partitions);

    [LoggerMessage(EventId = 116, Level = LogLevel.Warning, Message = "the host's limit for its stop is over: producers that have not stopped are left behind")]
    public static partial void ProducersLeft(ILogger logger);

    [LoggerMessage(EventId = 117, Level = LogLevel.Error, Message = "{Topic}: an observer of the deliveries to group {Group} failed; the delivery is what it was")]
    public static partial void ObserverFailed(ILogger logger, string topic, string group, Exception error);
}
