using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>Group documents and commits. Each change is one transaction of the writer.</summary>
internal sealed class SqliteGroupStore(SqliteDatabase database, SqliteWriter writer, SqliteReaders readers, SqliteWaiter waiter, TimeProvider time) : IGroupStore
{
    private const string ReadGroup = """
        SELECT g.version, g.document, p.number, p.fence, p.committed
        FROM groups g LEFT JOIN group_partitions p ON p.topic = g.topic AND p.name = g.name
        WHERE g.topic = ?1 AND g.name = ?2
        """;

    private const string VersionOf = "SELECT version FROM groups WHERE topic = ?1 AND name = ?2";
    private const string TopicExists = "SELECT 1 FROM topics WHERE name = ?1";
    private const string SetDocument = """
        INSERT INTO groups (topic, name, version, document) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (topic, name) DO UPDATE SET version = excluded.version, document = excluded.document
        """;

    private const string SetVersion = """
        INSERT INTO groups (topic, name, version, document) VALUES (?1, ?2, ?3, x'')
        ON CONFLICT (topic, name) DO UPDATE SET version = excluded.version
        """;

    private const string SetFence = """
        INSERT INTO group_partitions (topic, name, number, fence) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (topic, name, number) DO UPDATE SET fence = excluded.fence
        """;

    private const string SetCommitted = """
        INSERT INTO group_partitions (topic, name, number, fence, committed) VALUES (?1, ?2, ?3, 0, ?4)
        ON CONFLICT (topic, name, number) DO UPDATE SET committed = excluded.committed
        """;

    private const string ReadCommit = "SELECT fence, committed FROM group_partitions WHERE topic = ?1 AND name = ?2 AND number = ?3";
    private const string RaiseCommit = "UPDATE group_partitions SET committed = ?4 WHERE topic = ?1 AND name = ?2 AND number = ?3";
    private const string Names = "SELECT topic, name FROM groups WHERE ?1 IS NULL OR topic = ?1";
    private const string Remove = "DELETE FROM groups WHERE topic = ?1 AND name = ?2";
    private const string RemovePartitions = "DELETE FROM group_partitions WHERE topic = ?1 AND name = ?2";

    public ValueTask<GroupState> ReadAsync(string topic, string group, CancellationToken cancellationToken) =>
        readers.RunAsync(session => Read(session, topic, group), cancellationToken);

    public async ValueTask<bool> TryReplaceAsync(string topic, string group, long expectedVersion, ReadOnlyMemory<byte> document,
        IReadOnlyList<PartitionFence> fences, CancellationToken cancellationToken)
    {
        var done = await writer.RunAsync(
            session =>
            {
                if (!IsAt(session, topic, group, expectedVersion))
                {
                    return false;
                }

                session.Execute(SetDocument, topic, group, expectedVersion + 1, document.ToArray());
                foreach (var fence in fences)
                {
                    session.Execute(SetFence, topic, group, (long)fence.Partition, fence.Fence);
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);
        waiter.SignalGroup(topic, group);
        return done;
    }

    public async ValueTask<IReadOnlyList<bool>> CommitAsync(string topic, string group, IReadOnlyList<FencedCommit> commits,
        CancellationToken cancellationToken) =>
        await writer.RunAsync(session => commits.Select(commit => TryCommit(session, topic, group, commit)).ToArray(), cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> TryResetAsync(string topic, string group, long expectedVersion, IReadOnlyList<PartitionReset> resets,
        CancellationToken cancellationToken)
    {
        var done = await writer.RunAsync(
            session =>
            {
                if (!IsAt(session, topic, group, expectedVersion))
                {
                    return false;
                }

                session.Execute(SetVersion, topic, group, expectedVersion + 1);
                foreach (var reset in resets)
                {
                    session.Execute(SetCommitted, topic, group, (long)reset.Partition, SqliteOffsets.ToColumn(reset.Committed));
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);
        waiter.SignalGroup(topic, group);
        return done;
    }

    public ValueTask WaitForChangeAsync(string topic, string group, long version, TimeSpan atMost, CancellationToken cancellationToken) =>
        waiter.WaitForGroupAsync(topic, group, session => (session.Number(VersionOf, topic, group) ?? 0) != version, atMost, cancellationToken);

    public async ValueTask<IReadOnlyList<(string Topic, string Group)>> ListAsync(string? topic, CancellationToken cancellationToken) =>
        await readers.RunAsync(
            session =>
            {
                using var row = session.Prepare(Names, topic).ExecuteReader();
                var names = new List<(string Topic, string Group)>();
                while (row.Read())
                {
                    names.Add((row.GetString(0), row.GetString(1)));
                }

                return names;
            },
            cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> TryDeleteAsync(string topic, string group, long expectedVersion, CancellationToken cancellationToken)
    {
        var done = await writer.RunAsync(
            session =>
            {
                if (session.Number(VersionOf, topic, group) != expectedVersion)
                {
                    return false;
                }

                session.Execute(Remove, topic, group);
                session.Execute(RemovePartitions, topic, group);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        waiter.SignalGroup(topic, group);
        return done;
    }

    private GroupState Read(SqliteSession session, string topic, string group)
    {
        using var row = session.Prepare(ReadGroup, topic, group).ExecuteReader();
        var version = 0L;
        var document = Array.Empty<byte>();
        var partitions = new List<PartitionCommit>();
        while (row.Read())
        {
            if (version == 0)
            {
                version = row.GetInt64(0);
                document = row.GetFieldValue<byte[]>(1);
            }

            if (!row.IsDBNull(2))
            {
                partitions.Add(new PartitionCommit(row.GetInt32(2), row.GetInt64(3), SqliteOffsets.FromColumn(row.GetValue(4))));
            }
        }

        return new GroupState(version, document, partitions, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }

    /// <summary>A group without its topic would wait for one that is made later under the same name, so there is none.</summary>
    private bool IsAt(SqliteSession session, string topic, string group, long expectedVersion)
    {
        if ((session.Number(VersionOf, topic, group) ?? 0) != expectedVersion)
        {
            return false;
        }

        return session.Number(TopicExists, topic) is not null ? true : throw SqliteErrors.Missing(database, topic);
    }

    private static bool TryCommit(SqliteSession session, string topic, string group, FencedCommit commit)
    {
        UInt128? committed;
        using (var row = session.Prepare(ReadCommit, topic, group, (long)commit.Partition).ExecuteReader())
        {
            if (!row.Read() || row.GetInt64(0) != commit.Fence)
            {
                return false;
            }

            committed = SqliteOffsets.FromColumn(row.GetValue(1));
        }

        if (committed is null || committed < commit.Offset)
        {
            session.Execute(RaiseCommit, topic, group, (long)commit.Partition, SqliteOffsets.ToColumn(commit.Offset));
        }

        return true;
    }
}
