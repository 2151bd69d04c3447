using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DashStream.State;

/// <summary>The SHA-256 of a state's canonical JSON (see <see cref="CanonicalJson"/>). States with the same hash have the same content.</summary>
public readonly struct StateHash : IEquatable<StateHash>
{
    /// <summary>The length of a hash: 32 bytes.</summary>
    public const int ByteLength = SHA256.HashSizeInBytes;

    private const int Part = sizeof(ulong);

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>Takes a hash from its bytes.</summary>
    /// <param name="bytes">Exactly 32 bytes.</param>
    /// <exception cref="ArgumentException">There are fewer or more bytes.</exception>
    public StateHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != ByteLength)
        {
            throw new ArgumentException($"A state hash has {ByteLength} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64BigEndian(bytes[Part..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(bytes[(2 * Part)..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(bytes[(3 * Part)..]);
    }

    /// <summary>Hashes a state. Safe to call concurrently.</summary>
    /// <param name="json">The state as UTF-8 JSON, in any spelling.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StreamException">It is not JSON (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static StateHash Of(ReadOnlyMemory<byte> json, StateOptions? options = null)
    {
        using var state = JsonIndex.OfState(json, StateOptions.Checked(options));
        return CanonicalWriter.Hash(state);
    }

    /// <summary>Copies the 32 bytes.</summary>
    /// <param name="destination">At least 32 bytes long.</param>
    /// <exception cref="ArgumentOutOfRangeException">The destination is too short.</exception>
    public void CopyTo(Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, ByteLength, nameof(destination));
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[Part..], _second);
        BinaryPrimitives.WriteUInt64BigEndian(destination[(2 * Part)..], _third);
        BinaryPrimitives.WriteUInt64BigEndian(destination[(3 * Part)..], _fourth);
    }

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[ByteLength];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The hash in lower-case hex, 64 characters.</summary>
    public override string ToString() => $"{_first:x16}{_second:x16}{_third:x16}{_fourth:x16}";

    /// <inheritdoc/>
    public bool Equals(StateHash other) =>
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is StateHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _first.GetHashCode();

    /// <summary>True when both hashes are the same.</summary>
    /// <param name="left">One hash.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(StateHash left, StateHash right) => left.Equals(right);

    /// <summary>True when the hashes differ.</summary>
    /// <param name="left">One hash.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(StateHash left, StateHash right) => !left.Equals(right);
}
