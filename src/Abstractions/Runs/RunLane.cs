using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>
/// What one run holds in the queue: how its headers are made, and, touched by the worker alone, its unfinished batch and its states.
/// </summary>
internal sealed class RunLane(string threadId, string tenantId, DashStreamRunsOptions options, TimeProvider time)
{
    private const int MessageIdBytes = 16;

    public string ThreadId => threadId;

    public string TenantId => tenantId;

    /// <summary>For the worker.</summary>
    public EventBatching Batch { get; } = new();

    /// <summary>For the worker.</summary>
    public StateChain States { get; } = new(options);

    public long NowUs() => ToUs(time.GetUtcNow());

    public static long ToUs(DateTimeOffset moment) => (moment - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A header with an id of its own; number and type are left to the producer.</summary>
    public Header NewHeader(ByteString parentId) => NewHeader(parentId, NowUs());

    public Header NewHeader(ByteString parentId, long timestampUs) => new()
    {
        MessageId = NewId(),
        TimestampUs = timestampUs,
        TenantId = tenantId,
        ThreadId = threadId,
        ParentId = parentId,
    };

    public static ByteString NewId()
    {
        Span<byte> id = stackalloc byte[MessageIdBytes];
        Guid.NewGuid().TryWriteBytes(id, bigEndian: true, out _);
        return ByteString.CopyFrom(id);
    }
}
