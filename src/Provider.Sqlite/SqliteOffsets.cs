using System.Buffers.Binary;

namespace DashStream.Providers;

/// <summary>A 128-bit offset in a column: a plain integer where it fits, so that people can read it, else 16 bytes, most significant first.</summary>
internal static class SqliteOffsets
{
    private const int BlobLength = 16;

    public static object? ToColumn(UInt128? offset)
    {
        if (offset is not { } value)
        {
            return null;
        }

        if (value <= (UInt128)long.MaxValue)
        {
            return (long)value;
        }

        var blob = new byte[BlobLength];
        BinaryPrimitives.WriteUInt128BigEndian(blob, value);
        return blob;
    }

    public static UInt128? FromColumn(object column) => column switch
    {
        long number => (UInt128)number,
        byte[] { Length: BlobLength } blob => BinaryPrimitives.ReadUInt128BigEndian(blob),
        _ => null,
    };
}
