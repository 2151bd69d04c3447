namespace DashStream;

/// <summary>Some of the letters of a topic, partition by partition, oldest first.</summary>
/// <param name="Letters">The letters.</param>
/// <param name="Next">Where the next page begins (pass it as <c>after</c>); null when this is the last one.</param>
/// <param name="Unreadable">Records of the topic on the way that are no dead letters.</param>
public sealed record DeadLetterPage(IReadOnlyList<StoredDeadLetter> Letters, StreamPosition? Next, IReadOnlyList<StreamPosition> Unreadable);

/// <summary>How many letters there are, and of which kinds.</summary>
/// <param name="Letters">All letters that fit.</param>
/// <param name="PayloadBytes">Bytes of their payloads, at full size.</param>
/// <param name="Unreadable">Records of the topic that are no dead letters.</param>
/// <param name="Oldest">Time of the first failure, or null.</param>
/// <param name="Newest">Time of the last failure, or null.</param>
/// <param name="ByStage">Letters of each stage.</param>
/// <param name="ByErrorType">Letters of each kind of failure.</param>
/// <param name="BySourceTopic">Letters of each source topic.</param>
public sealed record DeadLetterTotals(
    long Letters,
    long PayloadBytes,
    long Unreadable,
    DateTimeOffset? Oldest,
    DateTimeOffset? Newest,
    IReadOnlyDictionary<DeadLetterStage, long> ByStage,
    IReadOnlyDictionary<string, long> ByErrorType,
    IReadOnlyDictionary<string, long> BySourceTopic);
