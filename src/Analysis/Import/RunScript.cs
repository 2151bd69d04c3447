using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Analysis;

/// <summary>The messages of one run as they come about, each with its header.</summary>
/// <param name="threadId">The thread of all messages.</param>
/// <param name="tenantId">Their tenant, or empty.</param>
/// <param name="contentHash">What the message ids are derived from, besides thread and index.</param>
/// <param name="clock">Gives the time of each message; null takes the source's times.</param>
internal sealed class RunScript(string threadId, string tenantId, ReadOnlyMemory<byte> contentHash, Func<long>? clock)
{
    private const int IdBytes = 16;

    private readonly List<DashStreamMessage> _messages = [];
    private long _sourceUs;

    public string ThreadId => threadId;

    public IReadOnlyList<DashStreamMessage> Messages => _messages;

    /// <summary>Source time of what is added next. A source whose times go back keeps them: they are its own.</summary>
    public void At(long? timestampUs) => _sourceUs = timestampUs ?? _sourceUs;

    public void Add(Event body)
    {
        body.Header = NextHeader(MessageType.Event);
        _messages.Add(new DashStreamMessage { Event = body });
    }

    public void Add(TokenChunk body)
    {
        body.Header = NextHeader(MessageType.TokenChunk);
        _messages.Add(new DashStreamMessage { TokenChunk = body });
    }

    public void Add(ToolExecution body)
    {
        body.Header = NextHeader(MessageType.ToolExecution);
        _messages.Add(new DashStreamMessage { ToolExecution = body });
    }

    public void Add(StateDiff body)
    {
        body.Header = NextHeader(MessageType.StateDiff);
        _messages.Add(new DashStreamMessage { StateDiff = body });
    }

    public void Add(Metrics body)
    {
        body.Header = NextHeader(MessageType.Metrics);
        _messages.Add(new DashStreamMessage { Metrics = body });
    }

    private Header NextHeader(MessageType type) => new()
    {
        MessageId = ByteString.CopyFrom(NextId()),
        TimestampUs = clock?.Invoke() ?? _sourceUs,
        TenantId = tenantId,
        ThreadId = threadId,
        Type = type,
        SchemaVersion = 1,
    };

    /// <summary>A UUID of version 8 (RFC 9562: made by own rules) from run content, thread and index: the same for the same import.</summary>
    private ReadOnlySpan<byte> NextId()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("dashstream-import\0"u8);
        hash.AppendData(contentHash.Span);
        hash.AppendData(Encoding.UTF8.GetBytes(threadId));
        Span<byte> index = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(index, _messages.Count);
        hash.AppendData(index);
        var id = hash.GetHashAndReset().AsSpan(0, IdBytes);
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return id;
    }
}
