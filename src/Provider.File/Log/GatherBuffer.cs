using System.Buffers;

namespace DashStream.Providers;

/// <summary>Pooled bytes in which an append gathers its records. Under the partition's lock.</summary>
internal sealed class GatherBuffer
{
    private const int LargestKept = 1024 * 1024;

    private byte[] _bytes = [];
    private int _used;

    public int Length => _used;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _used);

    /// <summary>Room for so many bytes more, which count as written.</summary>
    public Span<byte> Next(int size)
    {
        if (_bytes.Length - _used < size)
        {
            Grow(size);
        }

        _used += size;
        return _bytes.AsSpan(_used - size, size);
    }

    /// <summary>Forgets what was written; keeps the room unless it is large.</summary>
    public void Clear()
    {
        _used = 0;
        if (_bytes.Length > LargestKept)
        {
            Return();
        }
    }

    /// <summary>Gives the room back too.</summary>
    public void Return()
    {
        var bytes = _bytes;
        (_bytes, _used) = ([], 0);
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_used + needed), _bytes.Length * 2));
        var used = _used;
        Written.CopyTo(larger);
        Return();
        (_bytes, _used) = (larger, used);
    }
}
