using System.Runtime.InteropServices;
using DashStream.Stores;
using Microsoft.Data.Sqlite;

namespace DashStream.Providers;

/// <summary>Writes the records of a batch. Everything is checked before the first row is written.</summary>
internal sealed class SqliteAppend(SqliteDatabase database, AppendBatch batch)
{
    private const string FindTopic = "SELECT id FROM topics WHERE name = ?1";
    private const string FindPartition = "SELECT id, end_offset, max_ts_us FROM partitions WHERE topic_id = ?1 AND number = ?2";
    private const string Insert = "INSERT INTO records (id, ts_us, max_ts_us, key, value, headers) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    private const string Move = "UPDATE partitions SET end_offset = ?2, max_ts_us = ?3, stored_bytes = stored_bytes + ?4 WHERE id = ?1";
    private const string Count = "UPDATE topics SET appended = appended + ?2 WHERE id = ?1";

    private readonly Dictionary<int, Target> _targets = [];

    public bool Execute(SqliteSession session)
    {
        _targets.Clear();
        var topicId = session.Number(FindTopic, batch.Topic) ?? throw SqliteErrors.Missing(database, batch.Topic);
        FindTargets(session, topicId);
        Write(session);
        foreach (var target in _targets.Values)
        {
            session.Execute(Move, target.Id, target.End, target.MaxTimestampUs, target.Bytes);
        }

        session.Execute(Count, topicId, (long)batch.Count);
        return true;
    }

    private void FindTargets(SqliteSession session, long topicId)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var partition = batch.PartitionAt(i);
            if (!_targets.TryGetValue(partition, out var target))
            {
                target = FindTarget(session, topicId, partition);
                _targets.Add(partition, target);
            }

            target.Planned++;
        }

        foreach (var (partition, target) in _targets)
        {
            if (target.End > SqliteSchema.MaxOffset - target.Planned)
            {
                throw new StreamException(StreamErrorKind.Full,
                    $"Partition {partition} of topic '{batch.Topic}' in '{database.Path}' has given out all its offsets ({SqliteSchema.MaxOffset}). Use a new topic.");
            }
        }
    }

    private Target FindTarget(SqliteSession session, long topicId, int partition)
    {
        using var row = session.Prepare(FindPartition, topicId, (long)partition).ExecuteReader();
        return row.Read()
            ? new Target { Id = row.GetInt64(0), End = row.GetInt64(1), MaxTimestampUs = row.GetInt64(2) }
            : throw SqliteErrors.MissingPartition(database, batch.Topic, partition);
    }

    private void Write(SqliteSession session)
    {
        var insert = session.Prepare(Insert, null, null, null, null, null, null);
        var parameters = insert.Parameters;
        var (id, time, maxTime, key, value, headers) = (parameters[0], parameters[1], parameters[2], parameters[3], parameters[4], parameters[5]);
        for (var i = 0; i < batch.Count; i++)
        {
            var record = batch.RecordAt(i);
            var target = _targets[batch.PartitionAt(i)];
            var timestampUs = batch.TimestampAt(i);
            var keyBlob = record.Key.IsEmpty ? null : ToBlob(record.Key);
            var valueBlob = record.Value is { } bytes ? ToBlob(bytes) : null;
            var headerBlob = SqliteHeaders.Encode(record.Headers);

            id.Value = SqliteSchema.RecordId(target.Id, target.End);
            time.Value = timestampUs;
            maxTime.Value = timestampUs >= target.MaxTimestampUs ? DBNull.Value : target.MaxTimestampUs;
            SetBlob(key, keyBlob);
            SetBlob(value, valueBlob);
            SetBlob(headers, headerBlob);
            insert.ExecuteNonQuery();

            batch.SetOffset(i, (UInt128)target.End);
            target.End++;
            target.MaxTimestampUs = Math.Max(target.MaxTimestampUs, timestampUs);
            target.Bytes += (keyBlob?.Length ?? 0) + (valueBlob?.Length ?? 0) + (headerBlob?.Length ?? 0);
        }
    }

    private static void SetBlob(SqliteParameter parameter, byte[]? blob) => parameter.Value = blob is null ? DBNull.Value : blob;

    private static byte[] ToBlob(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array is { } array && array.Length == segment.Count ? array : bytes.ToArray();

    private sealed class Target
    {
        public required long Id;
        public required long End;
        public required long MaxTimestampUs;
        public long Planned;
        public long Bytes;
    }
}
