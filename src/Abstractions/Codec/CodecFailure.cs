namespace DashStream;

/// <summary>Why a <see cref="MessageCodec"/> refused bytes or a message.</summary>
public enum CodecFailure
{
    /// <summary>There are no bytes at all.</summary>
    Empty,

    /// <summary>The first byte is not a frame byte.</summary>
    UnknownFrame,

    /// <summary>The message, or the frame, is larger than its limit.</summary>
    TooLarge,

    /// <summary>The frame decompresses to more than the limit, or declares that it would.</summary>
    DecompressedTooLarge,

    /// <summary>The compressed bytes end too early.</summary>
    Truncated,

    /// <summary>A checksum inside the compressed bytes does not match.</summary>
    Checksum,

    /// <summary>The compressed bytes are damaged in another way, or lie about their size.</summary>
    Decompression,

    /// <summary>The library that the frame's compression needs is not on this machine. The bytes may be perfectly good.</summary>
    LibraryMissing,

    /// <summary>The bytes are not a protobuf message of the schema, hold text that is not UTF-8, or nest too deeply.</summary>
    Protobuf,

    /// <summary>The schema version is not one that the reader accepts.</summary>
    SchemaVersion,

    /// <summary>The message, or an event of its batch, has no header and the reader asks for one.</summary>
    MissingHeader,
}
