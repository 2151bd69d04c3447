using System.Buffers;
using DashStream.Protocol;

namespace DashStream;

/// <summary>
/// Turns messages into the values of records, and back: one frame byte, then protobuf, compressed where that pays. The bytes are those
/// that every reader and writer of the format exchanges (docs/wire-format.md). Safe for concurrent use; messages that are being encoded
/// must not be changed meanwhile.
/// </summary>
public sealed class MessageCodec
{
    private readonly MessageCodecOptions _options;
    private readonly FrameEncoder _encoder;
    private readonly FrameDecoder _decoder;

    /// <summary>Makes a codec. Native libraries are looked for when first needed, not here.</summary>
    /// <param name="options">How to encode and decode; a copy is taken. Null means the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names each one and what is allowed.</exception>
    public MessageCodec(MessageCodecOptions? options = null)
        : this(options ?? new MessageCodecOptions(), FrameCompressors.Find)
    {
    }

    internal MessageCodec(MessageCodecOptions options, Func<FrameCompression, CompressionBackend, IFrameCompressor?> find)
    {
        options.Validate();
        _options = options.Copy();
        _encoder = new FrameEncoder(_options, find);
        _decoder = new FrameDecoder(_options, find);
    }

    /// <summary>What an operator should know: a compressor that failed, a library that is missing (told once). Handlers must not throw.</summary>
    internal event Action<string>? Warned
    {
        add => _encoder.Warned += value;
        remove => _encoder.Warned -= value;
    }

    /// <summary>How many messages went out uncompressed because the compressor failed.</summary>
    internal long CompressionFailures => _encoder.CompressionFailures;

    /// <summary>
    /// Writes one frame. A message above <see cref="MessageCodecOptions.CompressionThresholdBytes"/> is compressed when that makes it
    /// smaller; its header, and in a batch every event's header, then says so in the frame, not in <paramref name="message"/>.
    /// </summary>
    /// <param name="message">The message; it is not changed.</param>
    /// <param name="output">Takes the frame. Nothing is written to it when this fails.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="CodecException">
    /// The message is larger than <see cref="MessageCodecOptions.MaxMessageBytes"/>, or its attributes nest more than 100 levels deep.
    /// </exception>
    public FrameInfo Encode(DashStreamMessage message, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(output);
        return _encoder.Encode(message, output);
    }

    /// <summary>
    /// Writes one frame in which <paramref name="header"/> stands in place of the body's own header; everything else is encoded as it
    /// is, fields unknown to this schema included.
    /// </summary>
    /// <param name="message">The message; it is not changed. It must have a body.</param>
    /// <param name="header">The header to send; it is not changed.</param>
    /// <param name="output">Takes the frame. Nothing is written to it when this fails.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArgumentException">The message has no body that could carry the header.</exception>
    /// <exception cref="CodecException">
    /// The message is larger than <see cref="MessageCodecOptions.MaxMessageBytes"/>, or its attributes nest more than 100 levels deep.
    /// </exception>
    public FrameInfo Encode(DashStreamMessage message, Header header, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(output);
        if (message.MessageCase == DashStreamMessage.MessageOneofCase.None)
        {
            throw new ArgumentException("The message has no body, so there is nothing that could carry the header.", nameof(message));
        }

        return _encoder.Encode(message, header, output);
    }

    /// <summary>Reads one frame and checks its schema version.</summary>
    /// <param name="value">The value of a record. It is not kept.</param>
    /// <returns>A message of its own; fields and enum numbers unknown to this schema are kept in it.</returns>
    /// <exception cref="CodecException">The bytes are not a message that this codec accepts; <see cref="CodecException.Failure"/> tells why.</exception>
    public DashStreamMessage Decode(ReadOnlySpan<byte> value) => Accept(_decoder.Decode(value));

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte})"/>
    public DashStreamMessage Decode(ReadOnlyMemory<byte> value) => Decode(value.Span);

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte})"/>
    public DashStreamMessage Decode(in ReadOnlySequence<byte> value) => Accept(_decoder.Decode(value));

    /// <summary>
    /// Writes bare protobuf without a frame byte, never compressed: the form of the original's file and SQLite stores. Readers of frames
    /// take it with <see cref="FrameDecoding.Compatible"/> only.
    /// </summary>
    /// <param name="message">The message; it is not changed.</param>
    /// <param name="output">Takes the bytes. Nothing is written to it when this fails.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="CodecException">
    /// The message is larger than <see cref="MessageCodecOptions.MaxMessageBytes"/>, or its attributes nest more than 100 levels deep.
    /// </exception>
    public FrameInfo EncodeRaw(DashStreamMessage message, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(output);
        return _encoder.EncodeRaw(message, output);
    }

    /// <summary>
    /// Reads bare protobuf without a frame byte. No bytes at all are a message without a body. The size is limited as in
    /// <see cref="Decode(ReadOnlySpan{byte})"/>; schema versions are not checked.
    /// </summary>
    /// <param name="value">The bytes. They are not kept.</param>
    /// <returns>A message of its own.</returns>
    /// <exception cref="CodecException">The bytes are too many, or not a message of the schema.</exception>
    public DashStreamMessage DecodeRaw(ReadOnlySpan<byte> value) => _decoder.DecodeRaw(value);

    private DashStreamMessage Accept(DashStreamMessage message)
    {
        SchemaVersions.Check(message, _options.SchemaPolicy, _options.RequireHeader);
        return message;
    }
}
