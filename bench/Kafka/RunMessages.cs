using System.Buffers;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Bench.Kafka;

/// <summary>Token chunks of many threads whose frames have 200 bytes, and the same bytes for those who send bytes.</summary>
internal sealed class RunMessages
{
    public const int ValueBytes = 200;

    private const int Threads = 1_000;
    private const ulong TypicalSequence = 1_000;
    private const long TypicalTimestampUs = 1_700_000_000_000_000;
    private const int IdBytes = 16;

    private readonly DashStreamMessage[] _messages;
    private readonly byte[][] _keys;
    private readonly byte[][] _values;

    public RunMessages()
    {
        _messages = [.. Enumerable.Range(0, Threads).Select(thread => (DashStreamMessage)Fitting(thread))];
        _keys = Array.ConvertAll(_messages, message => System.Text.Encoding.UTF8.GetBytes(message.TokenChunk.Header.ThreadId));
        _values = Array.ConvertAll(_messages, Encoded);
    }

    public DashStreamMessage Message(int index) => _messages[index % Threads];

    public byte[] Key(int index) => _keys[index % Threads];

    public byte[] Value(int index) => _values[index % Threads];

    public StreamRecord Record(int index) => new(Key(index), Value(index));

    // With text of such a length that the stamped message has the size asked for.
    private static TokenChunk Fitting(int thread)
    {
        var chunk = new TokenChunk
        {
            Header = new Header { ThreadId = $"run-{thread:000000}" }, RequestId = "call-000007", ChunkIndex = 3, Text = new string('x', ValueBytes / 2),
        };
        chunk.Text = new string('x', chunk.Text.Length + ValueBytes - Encoded(chunk).Length);
        return chunk;
    }

    private static byte[] Encoded(DashStreamMessage message)
    {
        var header = message.TokenChunk.Header.Clone();
        header.MessageId = ByteString.CopyFrom(new byte[IdBytes]);
        header.TimestampUs = TypicalTimestampUs;
        header.TenantId = "default";
        header.Sequence = TypicalSequence;
        header.Type = MessageType.TokenChunk;
        header.SchemaVersion = 1;
        var buffer = new ArrayBufferWriter<byte>();
        new MessageCodec().Encode(message, header, buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
