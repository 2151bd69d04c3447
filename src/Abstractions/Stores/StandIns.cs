namespace DashStream.Stores;

/// <summary>Stands in until reading lands; whoever lands LogConsumer and GroupAdmin deletes this file.</summary>
internal static class LogConsumer
{
    public static ValueTask<IStreamConsumer> OpenAsync(
        ILogStore store, TopicSpec topic, StreamConsumerOptions options, TimeProvider time, CancellationToken cancellationToken) =>
        throw new StreamException(StreamErrorKind.InvalidRequest, $"Topic '{topic.Name}' cannot be read: this build has no consumer.");
}

/// <summary>Stands in until group rules land.</summary>
internal sealed class GroupAdmin(ILogStore store, TimeProvider time)
{
    public ValueTask<IReadOnlyList<GroupSummary>> ListAsync(string? topic, CancellationToken cancellationToken) => throw Missing();

    public ValueTask<GroupDescription?> DescribeAsync(TopicSpec topic, string group, CancellationToken cancellationToken) => throw Missing();

    public ValueTask ResetAsync(TopicSpec topic, string group, int? partition, SeekTarget target, CancellationToken cancellationToken) => throw Missing();

    public ValueTask<bool> DeleteAsync(TopicSpec topic, string group, CancellationToken cancellationToken) => throw Missing();

    private StreamException Missing() => new(StreamErrorKind.InvalidRequest, $"{store.GetType().Name} has no groups in this build (at {time.GetUtcNow():O}).");
}
