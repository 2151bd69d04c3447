using DashStream.Protocol;

namespace DashStream;

/// <summary>The rules by which a reader accepts a decoded message's schema version.</summary>
internal static class SchemaVersions
{
    /// <summary>The version that this library writes. A version of 0 in a message counts as 1.</summary>
    public const uint Current = 1;

    /// <exception cref="CodecException">The message, or an event of its batch, is not accepted.</exception>
    public static void Check(DashStreamMessage message, SchemaCompatibility policy, bool requireHeader)
    {
        Check(MessageParts.HeaderOf(message), policy, requireHeader, batchIndex: null);
        if (message.MessageCase != DashStreamMessage.MessageOneofCase.EventBatch)
        {
            return;
        }

        var events = message.EventBatch.Events;
        for (var i = 0; i < events.Count; i++)
        {
            Check(events[i].Header, policy, requireHeader, batchIndex: i);
        }
    }

    private static void Check(Header? header, SchemaCompatibility policy, bool requireHeader, int? batchIndex)
    {
        if (header is null)
        {
            if (requireHeader)
            {
                var who = batchIndex is null ? "Message" : $"EventBatch event[{batchIndex}]";
                throw new CodecException(
                    CodecFailure.MissingHeader, $"{who} missing required header with schema version. Readers that can do without set RequireHeader to false.");
            }

            return;
        }

        var version = header.SchemaVersion == 0 ? 1 : header.SchemaVersion;
        if (Refusal(version, policy) is not { } refusal)
        {
            return;
        }

        throw new CodecException(
            CodecFailure.SchemaVersion, batchIndex is null ? refusal : $"EventBatch event[{batchIndex}] schema validation failed: {refusal}");
    }

    private static string? Refusal(uint version, SchemaCompatibility policy) => policy switch
    {
        SchemaCompatibility.Exact when version != Current =>
            $"Schema version mismatch: expected v{Current}, got v{version}",
        SchemaCompatibility.ForwardCompatible when version < Current =>
            $"Schema version too old: v{version} is below v{Current}",
        SchemaCompatibility.BackwardCompatible when version > Current =>
            $"Schema version too new: v{version} is above v{Current}",
        _ => null,
    };
}
