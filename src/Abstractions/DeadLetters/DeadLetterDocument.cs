using System.Security.Cryptography;

namespace DashStream;

/// <summary>
/// What the JSON of a dead letter says: the original's record, member for member. Members that are null are left out. A payload longer than
/// <see cref="MaxPayloadBytes"/> is cut there, with its full size and SHA-256 beside it. Immutable; equal content is not compared by value, since the payload is bytes.
/// </summary>
public sealed record DeadLetterDocument
{
    /// <summary>Most bytes of a payload that are kept: 512 KiB. A payload of exactly that size is whole.</summary>
    public const int MaxPayloadBytes = 512 * 1024;

    /// <summary>The payload, or its beginning when <see cref="IsTruncated"/>.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Size of the whole payload; null when nothing was cut.</summary>
    public long? PayloadSizeBytes { get; init; }

    /// <summary>Bytes of it that are kept; null when nothing was cut.</summary>
    public long? PayloadIncludedBytes { get; init; }

    /// <summary>True when the payload was cut; null when it was not.</summary>
    public bool? PayloadTruncated { get; init; }

    /// <summary>SHA-256 of the whole payload in lower-case hexadecimal digits; null when nothing was cut.</summary>
    public string? PayloadSha256 { get; init; }

    /// <summary>What went wrong.</summary>
    public required string Error { get; init; }

    /// <summary>The topic it was read from or meant for.</summary>
    public required string SourceTopic { get; init; }

    /// <summary>The partition it was read from, or -1.</summary>
    public required int SourcePartition { get; init; }

    /// <summary>Its offset there, or -1 when there is none or it does not fit; <see cref="DeadLetterHeaders.Position"/> has it in full.</summary>
    public required long SourceOffset { get; init; }

    /// <summary>When it failed: RFC 3339, kept as written. See <see cref="Time"/>.</summary>
    public required string Timestamp { get; init; }

    /// <summary>Who failed: <c>producer:TENANT</c>, or the group of a consumer.</summary>
    public required string ConsumerId { get; init; }

    /// <summary>The message's thread, where it is known.</summary>
    public string? ThreadId { get; init; }

    /// <summary>The message's tenant, where it is known.</summary>
    public string? TenantId { get; init; }

    /// <summary>The kind of failure, such as <c>decode_error</c>, <c>processing_error</c> or <c>kafka_send_error</c>.</summary>
    public required string ErrorType { get; init; }

    /// <summary>The letter's own id, which is also its record's key.</summary>
    public required string TraceId { get; init; }

    /// <summary>The message's node, where it is known.</summary>
    public string? NodeId { get; init; }

    /// <summary>The trace that the message belonged to: 32 hexadecimal digits.</summary>
    public string? ParentTraceId { get; init; }

    /// <summary>The span that sent it: 16 hexadecimal digits.</summary>
    public string? SpanId { get; init; }

    /// <summary>Whether only the beginning of the payload is kept.</summary>
    public bool IsTruncated => PayloadTruncated == true;

    /// <summary>Size of the payload as it was.</summary>
    public long FullSizeBytes => PayloadSizeBytes ?? Payload.Length;

    /// <summary><see cref="Timestamp"/> as a time, or null when it is not written as RFC 3339.</summary>
    public DateTimeOffset? Time => DeadLetterTime.Parse(Timestamp);

    /// <summary>Reads the JSON of a dead letter, the original's or ours. Members that it does not know are ignored.</summary>
    /// <exception cref="StreamException">It is not the JSON of a dead letter (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public static DeadLetterDocument Parse(ReadOnlyMemory<byte> json) => DeadLetterJson.Read(json);

    /// <summary>The compact JSON, byte for byte as the original writes it.</summary>
    public byte[] ToJson() => DeadLetterJson.Write(this);

    /// <summary>A copy with that payload, cut by the rule of 512 KiB or at a lower limit.</summary>
    /// <param name="payload">The whole payload.</param>
    /// <param name="maxPayloadBytes">Most bytes to keep; at most, and by default, <see cref="MaxPayloadBytes"/>.</param>
    public DeadLetterDocument WithPayload(ReadOnlyMemory<byte> payload, int maxPayloadBytes = MaxPayloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxPayloadBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPayloadBytes, MaxPayloadBytes);
        var isCut = payload.Length > maxPayloadBytes;
        return this with
        {
            Payload = isCut ? payload[..maxPayloadBytes] : payload,
            PayloadSizeBytes = isCut ? payload.Length : null,
            PayloadIncludedBytes = isCut ? maxPayloadBytes : null,
            PayloadTruncated = isCut ? true : null,
            PayloadSha256 = isCut ? Sha256(payload.Span) : null,
        };
    }

    /// <summary>Whether these bytes are the whole payload of a letter that was cut. True for a letter that was not cut: there is nothing to check.</summary>
    /// <exception cref="StreamException">The letter was cut and has no hash (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public bool IsPayload(ReadOnlySpan<byte> whole)
    {
        if (!IsTruncated)
        {
            return true;
        }

        return PayloadSha256 is { } hash
            ? string.Equals(Sha256(whole), hash, StringComparison.OrdinalIgnoreCase)
            : throw new StreamException(StreamErrorKind.Corrupt, $"Dead letter '{TraceId}' was cut but has no SHA-256, so its payload cannot be checked.");
    }

    private static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
