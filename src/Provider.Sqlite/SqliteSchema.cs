namespace DashStream.Providers;

/// <summary>
/// The tables. A record's row id holds its partition's row id in the upper bits and its offset in the lower <see cref="OffsetBits"/>: one clustered key, so an append
/// touches the end of one b-tree and a read is one range. README.md explains the columns to people with a sqlite3 shell.
/// </summary>
internal static class SqliteSchema
{
    /// <summary>"DSTR": says in the file's header that the database is ours.</summary>
    public const int ApplicationId = 0x44535452;

    /// <summary>Version of the tables, kept in the file's header.</summary>
    public const int FormatVersion = 1;

    public const int OffsetBits = 40;

    public const long MaxOffset = (1L << OffsetBits) - 1;

    /// <summary>What <see cref="OffsetBits"/> leave of a positive 64-bit row id.</summary>
    public const long MaxPartitionId = (1L << (63 - OffsetBits)) - 1;

    /// <summary>Size of a record, told by its row's head without reading the blobs.</summary>
    public const string RecordBytes = "coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0)";

    public const string Create = """
        CREATE TABLE topics (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            partitions INTEGER NOT NULL,
            retention_age_us INTEGER,
            retention_bytes INTEGER,
            appended INTEGER NOT NULL DEFAULT 0);

        CREATE TABLE partitions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            topic_id INTEGER,
            number INTEGER NOT NULL,
            first_offset INTEGER NOT NULL DEFAULT 0,
            begin_offset INTEGER NOT NULL DEFAULT 0,
            end_offset INTEGER NOT NULL DEFAULT 0,
            stored_bytes INTEGER NOT NULL DEFAULT 0,
            max_ts_us INTEGER NOT NULL DEFAULT 0,
            UNIQUE (topic_id, number));

        CREATE TABLE records (
            id INTEGER PRIMARY KEY,
            ts_us INTEGER NOT NULL,
            max_ts_us INTEGER,
            key BLOB,
            value BLOB,
            headers BLOB);

        CREATE TABLE groups (
            topic TEXT NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            document BLOB NOT NULL,
            PRIMARY KEY (topic, name)) WITHOUT ROWID;

        CREATE TABLE group_partitions (
            topic TEXT NOT NULL,
            name TEXT NOT NULL,
            number INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            committed,
            PRIMARY KEY (topic, name, number)) WITHOUT ROWID;

        CREATE VIEW log AS
            SELECT t.name AS topic, p.number AS "partition", r.id & 0xFFFFFFFFFF AS "offset",
                   strftime('%Y-%m-%dT%H:%M:%fZ', r.ts_us / 1000000.0, 'unixepoch') AS time,
                   r.key, r.value, r.headers
            FROM topics t
            JOIN partitions p ON p.topic_id = t.id
            JOIN records r ON r.id BETWEEN (p.id << 40) + p.begin_offset AND (p.id << 40) + p.end_offset - 1;
        """;

    /// <summary>Row id of a record.</summary>
    public static long RecordId(long partitionId, long offset) => (partitionId << OffsetBits) | offset;

    /// <summary>Offset in a record's row id.</summary>
    public static long OffsetOf(long recordId) => recordId & MaxOffset;
}
