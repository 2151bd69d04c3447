using System.Numerics;

namespace DashStream;

/// <summary>Protobuf's variable-length numbers.</summary>
internal static class Varint
{
    private const int PayloadBits = 7;
    private const int PayloadMask = 0x7F;
    private const int MoreFollows = 0x80;

    public static int Length(int value) => (BitOperations.Log2((uint)value) / PayloadBits) + 1;

    public static int Write(Span<byte> destination, int value)
    {
        var rest = (uint)value;
        var written = 0;
        while (rest > PayloadMask)
        {
            destination[written++] = (byte)(rest | MoreFollows);
            rest >>= PayloadBits;
        }

        destination[written++] = (byte)rest;
        return written;
    }

    /// <summary>Reads a number that we wrote ourselves, and says how many bytes it takes.</summary>
    public static ulong Read(ReadOnlySpan<byte> source, out int length)
    {
        ulong value = 0;
        length = 0;
        byte next;
        do
        {
            next = source[length];
            value |= (ulong)(next & PayloadMask) << (PayloadBits * length);
            length++;
        }
        while (next >= MoreFollows);

        return value;
    }
}
