namespace DashStream;

/// <summary>What <see cref="MessageCodec"/> wrote for one message.</summary>
/// <param name="Compression">How the frame is compressed; <see cref="FrameCompression.None"/> when compression did not pay.</param>
/// <param name="EncodedBytes">The size of the message as plain protobuf.</param>
/// <param name="FrameBytes">The size of the whole frame, frame byte included.</param>
public readonly record struct FrameInfo(FrameCompression Compression, int EncodedBytes, int FrameBytes);
