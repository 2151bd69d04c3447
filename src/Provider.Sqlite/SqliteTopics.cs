namespace DashStream.Providers;

/// <summary>Statements about topics as a whole.</summary>
internal static class SqliteTopics
{
    private const string Add = "INSERT INTO topics (name, partitions, retention_age_us, retention_bytes) VALUES (?1, ?2, ?3, ?4) RETURNING id";
    private const string AddPartition = "INSERT INTO partitions (topic_id, number) VALUES (?1, ?2)";
    private const string LastPartition = "SELECT seq FROM sqlite_sequence WHERE name = 'partitions'";
    private const string IdOf = "SELECT id FROM topics WHERE name = ?1";
    private const string SpecOf = "SELECT partitions, retention_age_us, retention_bytes FROM topics WHERE name = ?1";
    private const string Names = "SELECT name FROM topics";
    private const string StampOf = "SELECT (id << 40) + appended FROM topics WHERE name = ?1";
    private const string Remove = "DELETE FROM topics WHERE id = ?1";
    private const string RemoveGroups = "DELETE FROM groups WHERE topic = ?1";
    private const string RemoveGroupPartitions = "DELETE FROM group_partitions WHERE topic = ?1";
    private const string Orphan = "UPDATE partitions SET topic_id = NULL, begin_offset = end_offset WHERE topic_id = ?1";

    public static bool TryCreate(SqliteSession session, SqliteDatabase database, TopicSpec topic)
    {
        if (session.Number(IdOf, topic.Name) is not null)
        {
            return false;
        }

        if ((session.Number(LastPartition) ?? 0) > SqliteSchema.MaxPartitionId - topic.Partitions)
        {
            throw new StreamException(StreamErrorKind.Full,
                $"SQLite database '{database.Path}' has given out all its partition numbers ({SqliteSchema.MaxPartitionId}). Use another database.");
        }

        var id = session.Number(Add, topic.Name, (long)topic.Partitions, topic.RetentionAge?.Ticks / TimeSpan.TicksPerMicrosecond, topic.RetentionBytes);
        for (var partition = 0L; partition < topic.Partitions; partition++)
        {
            session.Execute(AddPartition, id, partition);
        }

        return true;
    }

    public static TopicSpec? Find(SqliteSession session, string topic)
    {
        using var row = session.Prepare(SpecOf, topic).ExecuteReader();
        return !row.Read() ? null : new TopicSpec(topic, row.GetInt32(0))
        {
            RetentionAge = row.IsDBNull(1) ? null : TimeSpan.FromMicroseconds(row.GetInt64(1)),
            RetentionBytes = row.IsDBNull(2) ? null : row.GetInt64(2),
        };
    }

    public static List<string> List(SqliteSession session)
    {
        using var row = session.Prepare(Names).ExecuteReader();
        var names = new List<string>();
        while (row.Read())
        {
            names.Add(row.GetString(0));
        }

        return names;
    }

    /// <summary>Differs after every append, also when a topic was deleted and made again meanwhile. Null without a topic.</summary>
    public static long? Stamp(SqliteSession session, string topic) => session.Number(StampOf, topic);

    /// <summary>Takes the topic away from readers and writers; its records are left to <see cref="SqliteTrim"/>.</summary>
    public static bool TryDelete(SqliteSession session, string topic)
    {
        if (session.Number(IdOf, topic) is not { } id)
        {
            return false;
        }

        session.Execute(Orphan, id);
        session.Execute(Remove, id);
        session.Execute(RemoveGroups, topic);
        session.Execute(RemoveGroupPartitions, topic);
        return true;
    }
}
