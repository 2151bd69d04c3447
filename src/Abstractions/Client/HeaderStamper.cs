using DashStream.Protocol;
using DashStream.Sequencing;
using Google.Protobuf;

namespace DashStream.Client;

/// <summary>Fills in what the caller left open, on a copy. What is set stays: a relayed message keeps its id, time and number.</summary>
internal sealed class HeaderStamper(string tenantId, TimeProvider time)
{
    private const uint CurrentSchemaVersion = 1;
    private const int MessageIdBytes = 16;

    public string TenantOf(Header header) => string.IsNullOrWhiteSpace(header.TenantId) ? tenantId : header.TenantId;

    /// <summary>Kinds that wrap or sum up other messages have no number of their own, as in the original.</summary>
    public static bool IsNumbered(DashStreamMessage message) => message.MessageCase is not
        (DashStreamMessage.MessageOneofCase.EventBatch or DashStreamMessage.MessageOneofCase.ExecutionTrace);

    /// <summary>Copies <paramref name="source"/>, into the lane's scratch header where that will do, and fills the gaps. The lane's gate is held.</summary>
    public Header Stamp(Lane lane, Header source, MessageType type, ulong sequence)
    {
        // What has an id was on its way before and may carry fields that this schema does not know; a clone keeps them.
        var header = source.MessageId.IsEmpty ? lane.Scratch : source.Clone();
        header.MessageId = source.MessageId.IsEmpty ? lane.NextMessageId() : source.MessageId;
        header.TimestampUs = source.TimestampUs != 0 ? source.TimestampUs : NowUs();
        header.TenantId = TenantOf(source);
        header.ThreadId = source.ThreadId;
        header.Sequence = sequence;
        header.Type = source.Type != MessageType.Unspecified ? source.Type : type;
        header.ParentId = source.ParentId;
        header.Compression = source.Compression;
        header.SchemaVersion = source.SchemaVersion != 0 ? source.SchemaVersion : CurrentSchemaVersion;
        return header;
    }

    /// <summary>The same for an event inside a batch, in place: the batch is our own copy.</summary>
    public void StampInner(Event inner, Header outer, ref ulong last)
    {
        var header = inner.Header ??= new Header();
        header.MessageId = header.MessageId.IsEmpty ? NewId() : header.MessageId;
        header.TimestampUs = header.TimestampUs != 0 ? header.TimestampUs : NowUs();
        header.TenantId = string.IsNullOrWhiteSpace(header.TenantId) ? TenantOf(outer) : header.TenantId;
        header.ThreadId = header.ThreadId.Length > 0 ? header.ThreadId : outer.ThreadId;
        header.Sequence = header.Sequence != 0 ? header.Sequence : ++last;
        header.Type = header.Type != MessageType.Unspecified ? header.Type : MessageType.Event;
        header.SchemaVersion = header.SchemaVersion != 0 ? header.SchemaVersion : CurrentSchemaVersion;
    }

    public long NowUs() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static ByteString NewId()
    {
        Span<byte> id = stackalloc byte[MessageIdBytes];
        Chance.NewId().TryWriteBytes(id, bigEndian: true, out _);
        return ByteString.CopyFrom(id);
    }
}
