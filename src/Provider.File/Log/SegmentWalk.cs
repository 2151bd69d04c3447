using System.Buffers;

namespace DashStream.Providers;

/// <summary>
/// Goes through the records of a segment in order, several from one read, checking each. Stops at the limit or at the first bytes that are not the next
/// record. Not safe for concurrent use.
/// </summary>
internal sealed class SegmentWalk : IDisposable
{
    public const int DefaultChunk = 256 * 1024;

    private readonly HeldFile _file;
    private readonly uint _seed;
    private readonly long _limit;
    private byte[] _buffer;
    private long _bufferAt;
    private int _filled;
    private int _size;

    /// <param name="file">The segment, given up with this.</param>
    /// <param name="seed">Its checksum seed.</param>
    /// <param name="position">Where a record starts.</param>
    /// <param name="offset">That record's offset.</param>
    /// <param name="limit">Where the valid bytes end.</param>
    /// <param name="chunk">Bytes to read at once.</param>
    public SegmentWalk(HeldFile file, uint seed, long position, ulong offset, long limit, int chunk = DefaultChunk)
    {
        _file = file;
        _seed = seed;
        _limit = limit;
        Position = _bufferAt = position;
        NextOffset = offset;
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(limit - position, RecordFormat.FixedBytes, chunk));
    }

    /// <summary>Where the current record starts; at the end or at damage: where the walk stopped.</summary>
    public long Position { get; private set; }

    /// <summary>Where the next record starts.</summary>
    public long NextPosition => Position + _size;

    /// <summary>The offset that the next record must have.</summary>
    public ulong NextOffset { get; private set; }

    /// <summary>True when the walk stopped before the limit: what lies at <see cref="Position"/> is not the next record.</summary>
    public bool Damaged { get; private set; }

    /// <summary>The current record's bytes, valid until the next move.</summary>
    public ReadOnlySpan<byte> Current => _buffer.AsSpan((int)(Position - _bufferAt), _size);

    public bool MoveNext()
    {
        Position += _size;
        _size = 0;
        if (Position >= _limit || Damaged)
        {
            return false;
        }

        var size = RecordFormat.Check(Buffered(), _seed, NextOffset);
        while (size < 0 && Fill(-size))
        {
            size = RecordFormat.Check(Buffered(), _seed, NextOffset);
        }

        if (size <= 0)
        {
            Damaged = true;
            return false;
        }

        _size = size;
        NextOffset++;
        return true;
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _file.Dispose();
        }
    }

    private ReadOnlySpan<byte> Buffered() => _buffer.AsSpan(0, _filled)[(int)Math.Min(Position - _bufferAt, _filled)..];

    /// <summary>Reads on until that many bytes from the position on are there; false when the limit comes first.</summary>
    private bool Fill(int needed)
    {
        if (Position + needed > _limit)
        {
            return false;
        }

        MakeRoom(needed);
        while (_bufferAt + _filled < Position + needed)
        {
            var room = (int)Math.Min(_buffer.Length - _filled, _limit - _bufferAt - _filled);
            var read = RandomAccess.Read(_file.File, _buffer.AsSpan(_filled, room), _bufferAt + _filled);
            if (read == 0)
            {
                return false;
            }

            _filled += read;
        }

        return true;
    }

    private void MakeRoom(int needed)
    {
        var kept = Buffered();
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(needed);
            kept.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            kept.CopyTo(_buffer);
        }

        _filled = kept.Length;
        _bufferAt = Position;
    }
}
