namespace DashStream;

/// <summary>How the bytes of a frame are compressed. The numbers are the frame bytes on the wire.</summary>
public enum FrameCompression
{
    /// <summary>Frame byte 0x00: plain protobuf.</summary>
    None = 0,

    /// <summary>Frame byte 0x01: one Zstandard frame that declares its content size. Every reader of the format knows it.</summary>
    Zstd = 1,

    /// <summary>
    /// Frame byte 0x02: one LZ4 frame that declares its content size. An extension of this project: other readers of the
    /// format refuse it, so it is used only when asked for.
    /// </summary>
    Lz4 = 2,
}
