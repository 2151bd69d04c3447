using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DashStream.State;

/// <summary>
/// How a checkpoint lies in a store: <c>DSCP</c>, version, three zero bytes, the length of the message (64 bits, little endian), the SHA-256 of all this and the
/// message, then the message. A byte that is missing, added or changed anywhere is found.
/// </summary>
internal static class CheckpointEnvelope
{
    public const byte Version = 1;

    private const int VersionAt = 4;
    private const int LengthAt = 8;
    private const int HashAt = 16;
    private const int HeadBytes = HashAt + SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "DSCP"u8;

    public static byte[] Wrap(ReadOnlySpan<byte> message)
    {
        var content = new byte[HeadBytes + message.Length];
        Magic.CopyTo(content);
        content[VersionAt] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(LengthAt), message.Length);
        message.CopyTo(content.AsSpan(HeadBytes));
        HashOf(content, content.AsSpan(HashAt, SHA256.HashSizeInBytes));
        return content;
    }

    /// <exception cref="CheckpointException">It is none, of another version, cut, or changed.</exception>
    public static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> content)
    {
        var bytes = content.Span;
        if (!bytes.StartsWith(Magic))
        {
            throw Magic.StartsWith(bytes)
                ? Cut(bytes.Length, HeadBytes)
                : new CheckpointException(CheckpointFault.NotACheckpoint, "The bytes are no checkpoint: they do not begin with DSCP.");
        }

        if (bytes.Length > VersionAt && bytes[VersionAt] != Version)
        {
            throw new CheckpointException(
                CheckpointFault.UnsupportedVersion, $"The checkpoint has version {bytes[VersionAt]}; this reader knows {Version}. It was made by a newer program, or damaged.");
        }

        if (bytes.Length < HeadBytes)
        {
            throw Cut(bytes.Length, HeadBytes);
        }

        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        HashOf(bytes, actual);
        if (actual.SequenceEqual(bytes.Slice(HashAt, SHA256.HashSizeInBytes)))
        {
            return content[HeadBytes..];
        }

        var announced = BinaryPrimitives.ReadInt64LittleEndian(bytes[LengthAt..]);
        throw announced != bytes.Length - HeadBytes
            ? Cut(bytes.Length, announced + HeadBytes)
            : new CheckpointException(CheckpointFault.ChecksumMismatch, "The checkpoint does not have its SHA-256: it was damaged.");
    }

    private static void HashOf(ReadOnlySpan<byte> content, Span<byte> hash)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(content[..HashAt]);
        sha.AppendData(content[HeadBytes..]);
        _ = sha.GetHashAndReset(hash);
    }

    private static CheckpointException Cut(long length, long announced) =>
        new(CheckpointFault.Truncated, $"The checkpoint has {length} bytes where {announced} are announced: it was cut, or something was appended.");
}
