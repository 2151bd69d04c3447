using System.Buffers;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>What a frame costs over protobuf alone, for a message too small to compress.</summary>
internal sealed class CodecEncodeSmall : IBenchCase
{
    private readonly MessageCodec _codec = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly DashStreamMessage _message = SampleMessages.TokenChunk();

    public string Name => "codec/encode-small";

    public string Operation => "one token chunk to bytes";

    public BenchSide Ours => new("MessageCodec.Encode, buffer reused", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            _output.ResetWrittenCount();
            _codec.Encode(_message, _output);
        }

        return ValueTask.CompletedTask;
    });

    public BenchSide Yardstick => new("Google.Protobuf ToByteArray", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            GC.KeepAlive(_message.ToByteArray());
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask PrepareAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
