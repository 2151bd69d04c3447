using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>Queries over records. Each runs on a reading session.</summary>
internal static class SqliteReads
{
    private const int Id = 0;
    private const int Time = 1;
    private const int Key = 2;
    private const int Value = 3;
    private const int Headers = 4;
    private const int Size = 5;

    private const string Range = $"SELECT id, ts_us, key, value, headers, {SqliteSchema.RecordBytes} FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
    private const string Newest = "SELECT coalesce(max_ts_us, ts_us) FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1";
    private const string Scan = "SELECT id FROM records WHERE id >= ?1 AND id < ?2 AND ts_us >= ?3 ORDER BY id LIMIT 1";

    public static List<StreamRecord> Read(SqliteSession session, SqliteDatabase database, ReadRequest request)
    {
        var partition = SqlitePartition.Find(session, database, request.Topic, request.Partition);
        var from = SqliteSchema.RecordId(partition.Id, partition.Clamp(request.From));
        var end = SqliteSchema.RecordId(partition.Id, partition.End);
        var records = new List<StreamRecord>();
        long bytes = 0;
        using var row = session.Prepare(Range, from, end, (long)request.MaxRecords).ExecuteReader();
        while (row.Read())
        {
            // Looked at before the memory is taken.
            bytes += row.GetInt64(Size);
            if (records.Count > 0 && bytes > request.MaxBytes)
            {
                break;
            }

            records.Add(ReadRecord(row, database, request));
        }

        return records;
    }

    /// <summary>
    /// The first offset with that time or later. The running maximum of the times never falls, so halving the range finds the place by a few look-ups in
    /// the primary key, and nothing more has to be kept for it.
    /// </summary>
    public static long? Find(SqliteSession session, SqlitePartition partition, long timestampUs, CancellationToken cancellationToken)
    {
        var (low, high) = (partition.Begin, partition.End);
        while (low < high)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var middle = low + ((high - low) / 2);
            var newest = session.Number(Newest, SqliteSchema.RecordId(partition.Id, middle), SqliteSchema.RecordId(partition.Id, partition.End));
            (low, high) = newest is null || newest >= timestampUs ? (low, middle) : (middle + 1, high);
        }

        // The maximum may stem from a record that was trimmed away since; then the one searched for lies further on.
        var found = session.Number(Scan, SqliteSchema.RecordId(partition.Id, low), SqliteSchema.RecordId(partition.Id, partition.End), timestampUs);
        return found is { } id ? SqliteSchema.OffsetOf(id) : null;
    }

    private static StreamRecord ReadRecord(SqliteDataReader row, SqliteDatabase database, ReadRequest request)
    {
        var position = new StreamPosition(request.Partition, (UInt128)SqliteSchema.OffsetOf(row.GetInt64(Id)));
        var headers = StreamHeaders.Empty;
        if (!row.IsDBNull(Headers) && !SqliteHeaders.TryDecode(row.GetFieldValue<byte[]>(Headers), out headers))
        {
            throw new StreamException(StreamErrorKind.Corrupt,
                $"The headers of record {position} of topic '{request.Topic}' in SQLite database '{database.Path}' are damaged.");
        }

        ReadOnlyMemory<byte>? value = row.IsDBNull(Value) ? default(ReadOnlyMemory<byte>?) : row.GetFieldValue<byte[]>(Value);
        var key = row.IsDBNull(Key) ? default : row.GetFieldValue<byte[]>(Key);
        return new StreamRecord(key, value, headers, row.GetInt64(Time), position);
    }

    /// <summary>What to read.</summary>
    /// <param name="Topic">The topic.</param>
    /// <param name="Partition">The partition.</param>
    /// <param name="From">First offset.</param>
    /// <param name="MaxRecords">Most records.</param>
    /// <param name="MaxBytes">Most bytes, except that one record always fits.</param>
    internal readonly record struct ReadRequest(string Topic, int Partition, UInt128 From, int MaxRecords, int MaxBytes);
}
