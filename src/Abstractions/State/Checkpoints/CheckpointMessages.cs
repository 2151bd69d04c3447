using System.Globalization;
using System.Security.Cryptography;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.State;

/// <summary>Checkpoints as <see cref="Checkpoint"/> messages and back; the form of the state is the original's.</summary>
internal static class CheckpointMessages
{
    private const int IdBytes = 16;
    private const string StateType = "application/json";
    private const string PositionKey = "ds-position";
    private const string ProducerKey = "ds-producer";
    private const string HashKey = "ds-state-hash";

    public static Checkpoint Make(StateCheckpoint checkpoint, StateCheckpointOptions options, bool byReference)
    {
        var moment = checkpoint.Moment;
        var message = new Checkpoint
        {
            Header = new Header
            {
                ThreadId = moment.ThreadId,
                TenantId = moment.TenantId,
                Sequence = moment.Sequence,
                TimestampUs = moment.TimestampUs,
                Type = MessageType.Checkpoint,
            },
            CheckpointId = ByteString.CopyFrom(checkpoint.Name.Id.ToByteArray(bigEndian: true)),
            StateType = StateType,
            Metadata = { checkpoint.Metadata.ToDictionary(), { HashKey, moment.Hash.ToString() } },
        };
        if (moment.Position is { } position)
        {
            message.Metadata[PositionKey] = position.ToString();
        }

        if (moment.Producer.Length > 0)
        {
            message.Metadata[ProducerKey] = moment.Producer;
        }

        if (byReference)
        {
            message.StorageUri = checkpoint.Name.ToUri();
            message.Checksum = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(moment.State.Span));
        }
        else
        {
            PackedState.Pack(message, moment.State, options.CompressionThresholdBytes, options.CompressionLevel);
        }

        return message;
    }

    /// <exception cref="CheckpointException">The message is not that of the name, or its state is damaged.</exception>
    public static StateCheckpoint Read(ReadOnlyMemory<byte> bytes, CheckpointName name, StateCheckpointOptions options)
    {
        var message = Parse(bytes);
        var header = message.Header ?? new Header();
        if (header.ThreadId != name.ThreadId || header.TenantId != name.TenantId || IdOf(message) != name.Id)
        {
            throw new CheckpointException(
                CheckpointFault.WrongThread, $"What lies under checkpoint {name.Id:N} of thread '{name.ThreadId}' is another one, of thread '{header.ThreadId}'.");
        }

        var state = PackedState.Unpack(message, options.State);
        var hash = HashOf(state, options.State);
        if (message.Metadata.TryGetValue(HashKey, out var announced) && announced != hash.ToString())
        {
            throw new CheckpointException(CheckpointFault.HashMismatch, $"The checkpoint's state has the hash {hash}, but {announced} was announced.");
        }

        return new StateCheckpoint(name, MomentOf(message, header, state, hash), OwnOf(message));
    }

    private static StateMoment MomentOf(Checkpoint message, Header header, ReadOnlyMemory<byte> state, StateHash hash) => new()
    {
        ThreadId = header.ThreadId,
        TenantId = header.TenantId,
        State = state,
        Hash = hash,
        Sequence = header.Sequence,
        TimestampUs = header.TimestampUs,
        Producer = message.Metadata.TryGetValue(ProducerKey, out var producer) ? producer : "",
        Position = message.Metadata.TryGetValue(PositionKey, out var text) && StreamPosition.TryParse(text, CultureInfo.InvariantCulture, out var position) ? position : null,
        Kind = StateMomentKind.Checkpoint,
    };

    private static Dictionary<string, string> OwnOf(Checkpoint message) =>
        message.Metadata.Where(pair => pair.Key is not (HashKey or PositionKey or ProducerKey)).ToDictionary();

    private static Checkpoint Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Checkpoint.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new CheckpointException(CheckpointFault.Malformed, "The checkpoint is intact but holds no message of this schema.", e);
        }
    }

    private static Guid IdOf(Checkpoint message) => message.CheckpointId.Length == IdBytes
        ? new Guid(message.CheckpointId.Span, bigEndian: true)
        : throw new CheckpointException(CheckpointFault.Malformed, $"The checkpoint's id has {message.CheckpointId.Length} bytes; an id has {IdBytes}.");

    private static StateHash HashOf(ReadOnlyMemory<byte> state, StateOptions options)
    {
        try
        {
            return StateHash.Of(state, options);
        }
        catch (StreamException e)
        {
            throw new CheckpointException(
                e.Kind == StreamErrorKind.TooLarge ? CheckpointFault.TooLarge : CheckpointFault.Malformed, $"The checkpoint's state cannot be read: {e.Message}", e);
        }
    }
}
