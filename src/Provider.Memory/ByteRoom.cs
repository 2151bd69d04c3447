namespace DashStream.Providers;

/// <summary>
/// Room for the bytes of one partition's records, in arrays that grow with what it holds, so that a partition with little in it takes little. An array lives for as long as
/// anything in it is referred to. For one caller at a time.
/// </summary>
internal sealed class ByteRoom
{
    /// <summary>Larger pieces stay by themselves: they would waste the ends of arrays.</summary>
    public const int LargestPiece = 4 * 1024;

    private const int Smallest = 1024;

    // The runtime keeps arrays from 85,000 bytes on apart and frees them late.
    private const int Largest = 64 * 1024;

    private byte[] _bytes = [];
    private int _used;

    /// <summary>Room for so many bytes, which nobody else has or gets.</summary>
    public (byte[] Bytes, int Start) Take(int size)
    {
        if (_bytes.Length - _used < size)
        {
            var length = Math.Max(size, Math.Clamp(2 * _bytes.Length, Smallest, Largest));
            _bytes = GC.AllocateUninitializedArray<byte>(length);
            _used = 0;
        }

        var start = _used;
        _used += size;
        return (_bytes, start);
    }
}
