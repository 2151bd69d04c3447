using System.Security.Cryptography;
using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream;

/// <summary>Visits the states in patches and checkpoints, and keeps their hashes true. The messages are changed: give it copies.</summary>
internal sealed class StateWalk(Redaction redaction)
{
    private const int LargestState = 64 << 20;

    public void Visit(StateDiff message)
    {
        var before = redaction.Changes;
        foreach (var operation in message.Operations)
        {
            Visit(operation);
        }

        if (redaction.Changes > before)
        {
            // The hash is that of the state it leads to, which the patch alone does not tell.
            message.StateHash = ByteString.Empty;
        }

        before = redaction.Changes;
        message.FullState = redaction.Bytes(message.FullState);
        if (redaction.Changes > before && !message.StateHash.IsEmpty)
        {
            message.StateHash = HashOf(message.FullState);
        }
    }

    public void Visit(Checkpoint message)
    {
        message.StateType = redaction.Text(message.StateType);
        message.StorageUri = redaction.Text(message.StorageUri);
        if (Plain(message) is not { } plain)
        {
            redaction.ThrowIfOpaqueIsRefused("the checkpoint's state cannot be decompressed here");
            return;
        }

        var before = redaction.Changes;
        var redacted = redaction.Bytes(plain);
        if (redaction.Changes == before)
        {
            return;
        }

        message.State = redacted;
        if (!message.Checksum.IsEmpty)
        {
            message.Checksum = ByteString.CopyFrom(SHA256.HashData(redacted.Span));
        }

        if (message.CompressionInfo is not null)
        {
            var size = (ulong)redacted.Length;
            message.CompressionInfo = new CompressionInfo { Type = CompressionType.CompressionNone, CompressedSize = size, UncompressedSize = size, CompressionRatio = 1 };
        }
    }

    private void Visit(DiffOperation operation)
    {
        if (operation.Value.IsEmpty || operation.Encoding is DiffOperation.Types.ValueEncoding.Msgpack or DiffOperation.Types.ValueEncoding.Protobuf)
        {
            if (!operation.Value.IsEmpty)
            {
                redaction.ThrowIfOpaqueIsRefused($"a state diff carries a value encoded as {operation.Encoding}");
            }

            return;
        }

        var names = operation.Path.Split('/').Skip(1).Select(name => name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToList();
        var entered = 0;
        foreach (var name in names)
        {
            redaction.Enter(name);
            entered++;

            // Inside a value that is replaced as a whole there is nothing left to change.
            if (entered < names.Count && redaction.ReplacementHere(isText: false) is { } replacement)
            {
                operation.Value = ByteString.CopyFromUtf8(System.Text.Json.JsonSerializer.Serialize(replacement));
                redaction.Leave(entered);
                return;
            }
        }

        operation.Value = redaction.Bytes(operation.Value);
        redaction.Leave(entered);
    }

    private static ByteString? Plain(Checkpoint message)
    {
        var compression = message.CompressionInfo?.Type ?? CompressionType.CompressionNone;
        if (compression == CompressionType.CompressionNone || message.State.IsEmpty)
        {
            return message.State;
        }

        var size = message.CompressionInfo!.UncompressedSize;
        var compressor = FrameCompressors.Find((FrameCompression)(int)compression, CompressionBackend.Auto);
        if (compressor is null || size is 0 or > LargestState)
        {
            return null;
        }

        var plain = new byte[size];
        var result = compressor.Decompress(message.State.Span, plain);
        return result.Status == CompressorStatus.Done ? UnsafeByteOperations.UnsafeWrap(plain.AsMemory(0, result.Written)) : null;
    }

    private static ByteString HashOf(ByteString state)
    {
        try
        {
            return ByteString.CopyFrom(StateHash.Of(state.Memory).ToArray());
        }
        catch (StreamException)
        {
            // What is no JSON has no hash.
            return ByteString.Empty;
        }
    }
}
