using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>Messages as runs have them, the same in every run.</summary>
internal static class SampleMessages
{
    private const long SomeTimestampUs = 1_700_000_000_000_000;
    private const int MessageIdBytes = 16;

    /// <summary>One piece of streamed text: what agents send most of. About 100 bytes encoded, so it is never compressed.</summary>
    public static DashStreamMessage TokenChunk() => new()
    {
        TokenChunk = new TokenChunk
        {
            Header = new Header
            {
                MessageId = ByteString.CopyFrom(new byte[MessageIdBytes]),
                TimestampUs = SomeTimestampUs,
                TenantId = "default",
                ThreadId = "run-000042",
                Sequence = 17,
                Type = MessageType.TokenChunk,
                SchemaVersion = 1,
            },
            RequestId = "call-000007",
            Text = " the next available flight",
            ChunkIndex = 3,
        },
    };
}
