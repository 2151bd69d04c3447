using System.Buffers.Binary;
using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// A group's file, replaced as a whole: <c>magic u64 | version i64 | i32 document bytes | i32 rows | document | rows of i32 partition, i32 has a commit,
/// i64 fence, u128 committed | CRC-32C</c>, little-endian.
/// </summary>
internal static class GroupFile
{
    private const int VersionAt = 8;
    private const int DocumentLengthAt = 16;
    private const int RowsAt = 20;
    private const int HeaderBytes = 24;
    private const int RowBytes = 32;
    private const int HasCommitAt = 4;
    private const int FenceAt = 8;
    private const int CommittedAt = 16;

    private static ReadOnlySpan<byte> Magic => "DSGRP\0\0\u0001"u8;

    public static byte[] Encode(long version, ReadOnlySpan<byte> document, IReadOnlyCollection<PartitionCommit> rows)
    {
        var bytes = new byte[HeaderBytes + document.Length + (rows.Count * RowBytes) + sizeof(uint)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(VersionAt), version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(DocumentLengthAt), document.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(RowsAt), rows.Count);
        document.CopyTo(bytes.AsSpan(HeaderBytes));
        var rest = bytes.AsSpan(HeaderBytes + document.Length);
        foreach (var row in rows)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, row.Partition);
            BinaryPrimitives.WriteInt32LittleEndian(rest[HasCommitAt..], row.Committed is null ? 0 : 1);
            BinaryPrimitives.WriteInt64LittleEndian(rest[FenceAt..], row.Fence);
            BinaryPrimitives.WriteUInt128LittleEndian(rest[CommittedAt..], row.Committed ?? 0);
            rest = rest[RowBytes..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Checksum.Crc32C(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        return bytes;
    }

    /// <summary>Reads a group; version 0 when there is no file.</summary>
    public static GroupState Read(string path, long nowUs)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new GroupState(0, ReadOnlyMemory<byte>.Empty, [], nowUs);
        }

        if (!IsWhole(bytes))
        {
            throw new StreamException(StreamErrorKind.Corrupt, $"The group file '{path}' is damaged. Remove it to let the group begin anew, then reset its position.");
        }

        var documentLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(DocumentLengthAt));
        var rows = new PartitionCommit[BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(RowsAt))];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = bytes.AsSpan(HeaderBytes + documentLength + (i * RowBytes), RowBytes);
            var committed = BinaryPrimitives.ReadInt32LittleEndian(row[HasCommitAt..]) == 0
                ? (UInt128?)null
                : BinaryPrimitives.ReadUInt128LittleEndian(row[CommittedAt..]);
            rows[i] = new PartitionCommit(
                BinaryPrimitives.ReadInt32LittleEndian(row), BinaryPrimitives.ReadInt64LittleEndian(row[FenceAt..]), committed);
        }

        return new GroupState(
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(VersionAt)), bytes.AsMemory(HeaderBytes, documentLength), rows, nowUs);
    }

    private static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderBytes + sizeof(uint)
        && bytes.StartsWith(Magic)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) == Checksum.Crc32C(bytes[..^sizeof(uint)]);
}
