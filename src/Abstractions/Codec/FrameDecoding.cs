namespace DashStream;

/// <summary>Which bytes a <see cref="MessageCodec"/> takes for a message.</summary>
public enum FrameDecoding
{
    /// <summary>Only frames: the first byte must be a frame byte.</summary>
    Strict,

    /// <summary>
    /// Frames, and what was written before there were frames: bare Zstandard data, and bare protobuf. Choose it to read old
    /// topics and the stores of the original implementation.
    /// </summary>
    Compatible,
}
