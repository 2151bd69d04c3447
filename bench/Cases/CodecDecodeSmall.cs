using System.Buffers;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>What reading a frame with all its checks costs over protobuf alone.</summary>
internal sealed class CodecDecodeSmall : IBenchCase
{
    private readonly MessageCodec _codec = new();
    private byte[] _frame = [];
    private byte[] _protobuf = [];

    public string Name => "codec/decode-small";

    public string Operation => "bytes to one token chunk";

    public BenchSide Ours => new("MessageCodec.Decode, strict", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            GC.KeepAlive(_codec.Decode(_frame.AsSpan()));
        }

        return ValueTask.CompletedTask;
    });

    public BenchSide Yardstick => new("Google.Protobuf ParseFrom", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            GC.KeepAlive(DashStreamMessage.Parser.ParseFrom(_protobuf));
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        var message = SampleMessages.TokenChunk();
        var frame = new ArrayBufferWriter<byte>();
        _codec.Encode(message, frame);
        _frame = frame.WrittenSpan.ToArray();
        _protobuf = message.ToByteArray();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
