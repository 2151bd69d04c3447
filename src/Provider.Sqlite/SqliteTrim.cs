namespace DashStream.Providers;

/// <summary>
/// Removes old records. A trim first moves the partition's begin, at once and for everybody; the rows behind it go in small steps, so that appends are never
/// held up for long. Steps that a crash left undone are done by the next provider that opens the database.
/// </summary>
internal sealed class SqliteTrim(SqliteDatabase database, SqliteWriter writer, SqliteReaders readers)
{
    private const int MaxRowsPerStep = 1000;
    private const long MaxBytesPerStep = 8 * 1024 * 1024;

    private const string MoveBegin = "UPDATE partitions SET begin_offset = ?2 WHERE id = ?1";
    private const string MoveFirst = "UPDATE partitions SET first_offset = ?2, stored_bytes = stored_bytes - ?3 WHERE id = ?1";
    private const string Leftover = "SELECT first_offset, begin_offset, topic_id IS NULL FROM partitions WHERE id = ?1";
    private const string Leftovers = "SELECT id FROM partitions WHERE first_offset < begin_offset OR topic_id IS NULL";
    private const string Sizes = $"SELECT id, {SqliteSchema.RecordBytes} FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
    private const string RemoveRange = "DELETE FROM records WHERE id >= ?1 AND id < ?2";
    private const string RemovePartition = "DELETE FROM partitions WHERE id = ?1";
    private const string Limited = "SELECT name FROM topics WHERE retention_age_us IS NOT NULL OR retention_bytes IS NOT NULL";

    /// <summary>Removes everything before that offset, but nothing beyond the end; returns how many records went.</summary>
    public async ValueTask<long> TrimAsync(string topic, int partition, UInt128 before, CancellationToken cancellationToken)
    {
        var (id, removed) = await writer.RunAsync(session => Cut(session, topic, partition, before), cancellationToken).ConfigureAwait(false);
        await SweepAsync(id, cancellationToken).ConfigureAwait(false);
        return removed;
    }

    /// <summary>Carries out what trims and deleted topics left to do.</summary>
    public async ValueTask SweepAllAsync(CancellationToken cancellationToken)
    {
        foreach (var id in await readers.RunAsync(static session => Ids(session), cancellationToken).ConfigureAwait(false))
        {
            await SweepAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Names of the topics that have a retention.</summary>
    public ValueTask<List<string>> LimitedTopicsAsync(CancellationToken cancellationToken) => readers.RunAsync(
        static session =>
        {
            using var row = session.Prepare(Limited).ExecuteReader();
            var names = new List<string>();
            while (row.Read())
            {
                names.Add(row.GetString(0));
            }

            return names;
        },
        cancellationToken);

    /// <summary>Trims each partition of a topic to its limits; returns how many records went.</summary>
    /// <param name="spec">The topic.</param>
    /// <param name="nowUs">Now, in microseconds since the Unix epoch.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public async ValueTask<long> ApplyRetentionAsync(TopicSpec spec, long nowUs, CancellationToken cancellationToken)
    {
        long removed = 0;
        for (var partition = 0; partition < spec.Partitions; partition++)
        {
            var number = partition;
            var before = await readers.RunAsync(session => FirstToKeep(session, spec, number, nowUs, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (before is { } offset)
            {
                removed += await TrimAsync(spec.Name, number, (UInt128)offset, cancellationToken).ConfigureAwait(false);
            }
        }

        return removed;
    }

    private async ValueTask SweepAsync(long id, CancellationToken cancellationToken)
    {
        while (await writer.RunAsync(session => Step(session, id), cancellationToken).ConfigureAwait(false))
        {
        }
    }

    private (long Id, long Removed) Cut(SqliteSession session, string topic, int partition, UInt128 before)
    {
        var row = SqlitePartition.Find(session, database, topic, partition);
        var begin = row.Clamp(before);
        if (begin > row.Begin)
        {
            session.Execute(MoveBegin, row.Id, begin);
        }

        return (row.Id, begin - row.Begin);
    }

    /// <summary>Removes some rows; returns whether more may be left.</summary>
    private static bool Step(SqliteSession session, long id)
    {
        if (!TryFindLeftover(session, id, out var first, out var begin, out var isOrphan))
        {
            return false;
        }

        if (first >= begin)
        {
            if (isOrphan)
            {
                session.Execute(RemovePartition, id);
            }

            return false;
        }

        var (end, bytes) = Measure(session, id, first, begin, MaxRowsPerStep, MaxBytesPerStep);
        session.Execute(RemoveRange, SqliteSchema.RecordId(id, first), SqliteSchema.RecordId(id, end));
        session.Execute(MoveFirst, id, end, bytes);
        return true;
    }

    private static bool TryFindLeftover(SqliteSession session, long id, out long first, out long begin, out bool isOrphan)
    {
        using var row = session.Prepare(Leftover, id).ExecuteReader();
        var found = row.Read();
        (first, begin, isOrphan) = found ? (row.GetInt64(0), row.GetInt64(1), row.GetBoolean(2)) : default;
        return found;
    }

    /// <summary>Goes from one offset towards another until so many rows or bytes are passed; returns where it stopped and the bytes passed.</summary>
    private static (long End, long Bytes) Measure(SqliteSession session, long id, long from, long to, long rows, long bytes)
    {
        long passed = 0;
        using var row = session.Prepare(Sizes, SqliteSchema.RecordId(id, from), SqliteSchema.RecordId(id, to), rows).ExecuteReader();
        var end = from;
        while (passed < bytes && row.Read())
        {
            passed += row.GetInt64(1);
            end = SqliteSchema.OffsetOf(row.GetInt64(0)) + 1;
        }

        return (end == from ? to : end, passed);
    }

    private long? FirstToKeep(SqliteSession session, TopicSpec spec, int number, long nowUs, CancellationToken cancellationToken)
    {
        var partition = SqlitePartition.Find(session, database, spec.Name, number);
        var keep = partition.Begin;
        if (spec.RetentionAge is { } age)
        {
            var oldestUs = nowUs - (age.Ticks / TimeSpan.TicksPerMicrosecond);
            keep = SqliteReads.Find(session, partition, oldestUs, cancellationToken) ?? partition.End;
        }

        if (spec.RetentionBytes is { } limit && partition.StoredBytes > limit)
        {
            var enough = Measure(session, partition.Id, partition.First, partition.End, partition.End, partition.StoredBytes - limit).End;
            keep = Math.Max(keep, Math.Min(enough, partition.End - 1)); // the newest record stays, however large
        }

        return keep > partition.Begin ? keep : null;
    }

    private static List<long> Ids(SqliteSession session)
    {
        using var row = session.Prepare(Leftovers).ExecuteReader();
        var ids = new List<long>();
        while (row.Read())
        {
            ids.Add(row.GetInt64(0));
        }

        return ids;
    }
}
