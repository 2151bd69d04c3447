namespace DashStream.Providers;

/// <summary>A partition's row.</summary>
/// <param name="Id">Row id; the upper bits of its records' row ids. Never used again.</param>
/// <param name="First">Offset of the oldest record that is still in the table; lies before <paramref name="Begin"/> until a trim is carried out in full.</param>
/// <param name="Begin">The oldest offset that readers see.</param>
/// <param name="End">The next offset.</param>
/// <param name="StoredBytes">Bytes of the records from <paramref name="First"/> on.</param>
internal readonly record struct SqlitePartition(long Id, long First, long Begin, long End, long StoredBytes)
{
    private const string ByName = """
        SELECT p.id, p.first_offset, p.begin_offset, p.end_offset, p.stored_bytes
        FROM topics t JOIN partitions p ON p.topic_id = t.id WHERE t.name = ?1 AND p.number = ?2
        """;

    public static SqlitePartition Find(SqliteSession session, SqliteDatabase database, string topic, int partition)
    {
        using var row = session.Prepare(ByName, topic, (long)partition).ExecuteReader();
        return row.Read()
            ? new SqlitePartition(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4))
            : throw SqliteErrors.MissingPartition(database, topic, partition);
    }

    /// <summary>The offset, brought into the range of what is held.</summary>
    public long Clamp(UInt128 offset) => offset >= (UInt128)End ? End : Math.Max(Begin, (long)offset);
}
