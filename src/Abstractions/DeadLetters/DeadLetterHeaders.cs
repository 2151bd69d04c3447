namespace DashStream;

/// <summary>
/// Names of the record headers of a dead letter, and of those that a replay leaves on the message it sends again. They keep what the JSON of the original has
/// no place for. Numbers are decimal text, other texts UTF-8.
/// </summary>
public static class DeadLetterHeaders
{
    /// <summary>Where it failed: <c>send</c>, <c>decode</c> or <c>handler</c>. Its presence marks a record as a dead letter.</summary>
    public const string Stage = "ds-dlq-stage";

    /// <summary>Kind and text of the error, shortened to 512 characters.</summary>
    public const string Reason = "ds-dlq-reason";

    /// <summary>How often it was tried.</summary>
    public const string Attempts = "ds-dlq-attempts";

    /// <summary>How many dead letters lie in one another: 1 for a message, 2 for a dead letter whose own reader failed.</summary>
    public const string Hops = "ds-dlq-hops";

    /// <summary>Where the record lay, as <see cref="StreamPosition"/> writes it; absent when it was not stored.</summary>
    public const string Position = "ds-dlq-position";

    /// <summary>The partition that a failed send was bound for; absent when the key was to decide.</summary>
    public const string TargetPartition = "ds-dlq-target-partition";

    /// <summary>The record's key, as bytes; absent when it had none.</summary>
    public const string Key = "ds-dlq-key";

    /// <summary>The record's time, in microseconds since the Unix epoch; absent when it had none.</summary>
    public const string Timestamp = "ds-dlq-timestamp";

    /// <summary>Present when the record was a tombstone: its payload was null, not empty.</summary>
    public const string Tombstone = "ds-dlq-tombstone";

    /// <summary>Where in the code the error came up, shortened to 4,096 characters; absent when it is not known.</summary>
    public const string Stack = "ds-dlq-stack";

    /// <summary>How many of the record's headers found no room; absent when all are here.</summary>
    public const string HeadersLeftOut = "ds-dlq-headers-left-out";

    /// <summary>Counts the edits of a letter from 1; absent before the first. The highest of one trace id is the letter as it stands.</summary>
    public const string Edit = "ds-dlq-edit";

    /// <summary>Present when an edit gave the message another key, which then decides its partition.</summary>
    public const string KeyEdited = "ds-dlq-key-edited";

    /// <summary>Stands before the names of the record's own headers, which keep their order, bytes and repetitions.</summary>
    public const string OriginalPrefix = "ds-dlq-h-";

    /// <summary>On a message that was sent again: the trace id of its dead letter.</summary>
    public const string ReplayOf = "ds-replay-of";

    /// <summary>On a message that was sent again: how often, from 1.</summary>
    public const string ReplayCount = "ds-replay-count";
}
