namespace DashStream;

/// <summary>Topics and groups of a provider. Safe for concurrent use; every call asks the backend.</summary>
public interface IStreamAdmin
{
    /// <summary>Creates a topic. Creating one that exists with the same partitions is a no-op.</summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.AlreadyExists"/>: it exists with another number of partitions;
    /// <see cref="StreamErrorKind.InvalidRequest"/>: a setting that this provider cannot honour.</exception>
    ValueTask CreateTopicAsync(TopicSpec topic, CancellationToken cancellationToken = default);

    /// <summary>Describes a topic, or returns null when there is none.</summary>
    ValueTask<TopicDescription?> DescribeTopicAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>Names of all topics, sorted.</summary>
    ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken = default);

    /// <summary>Deletes a topic with its records and groups. Returns false when there was none. A topic made again under the name starts anew.</summary>
    ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>Removes everything before <paramref name="before"/> (which stays). Before the oldest: no-op. Positions never start again.</summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.OutOfRange"/>: beyond the end of the log.</exception>
    ValueTask TrimAsync(string topic, StreamPosition before, CancellationToken cancellationToken = default);

    /// <summary>Applies the topic's retention now instead of at the provider's next chance; returns how many records went.</summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.InvalidRequest"/>: the provider cannot (<see cref="ProviderCapabilities.RetentionOnDemand"/>).</exception>
    ValueTask<long> ApplyRetentionAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>The first offset whose record has that time or later, or null when there is none yet.</summary>
    ValueTask<StreamPosition?> FindAsync(string topic, int partition, long timestampUs, CancellationToken cancellationToken = default);

    /// <summary>All groups, of one topic or of all, sorted by topic and group.</summary>
    ValueTask<IReadOnlyList<GroupSummary>> ListGroupsAsync(string? topic = null, CancellationToken cancellationToken = default);

    /// <summary>Members, commits and lag of a group, or null when there is none.</summary>
    ValueTask<GroupDescription?> DescribeGroupAsync(string topic, string group, CancellationToken cancellationToken = default);

    /// <summary>Moves the committed position of a group that has no living member; a group that does not exist is made. Null means every partition.</summary>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.InvalidRequest"/>: members are at work, stop them first;
    /// <see cref="StreamErrorKind.OutOfRange"/>: the log does not hold the position.</exception>
    ValueTask ResetGroupAsync(string topic, string group, int? partition, SeekTarget target, CancellationToken cancellationToken = default);

    /// <summary>Forgets a group that has no living member. Returns false when there was none.</summary>
    ValueTask<bool> DeleteGroupAsync(string topic, string group, CancellationToken cancellationToken = default);
}
