using DashStream.Protocol;
using DashStream.Telemetry;
using Google.Protobuf;

namespace DashStream.State;

/// <summary>Patches as <see cref="StateDiff"/> messages and back. Safe to call concurrently.</summary>
public static class StateDiffMessages
{
    /// <summary>
    /// Makes the message for a comparison: the operations, or the whole new state when <see cref="StateDiffResult.UseFullState"/> says so,
    /// or neither when nothing changed. The hash is always there.
    /// </summary>
    /// <param name="result">What <see cref="StateDiffer"/> found.</param>
    /// <param name="newState">The new state that was compared, as UTF-8 JSON; goes into the message as it is when the full state is sent.</param>
    /// <param name="header">Identity and order; null to leave it to the producer.</param>
    /// <param name="baseCheckpointId">The checkpoint that the patch starts from; empty for none.</param>
    public static StateDiff ToMessage(this StateDiffResult result, ReadOnlySpan<byte> newState, Header? header = null, ReadOnlySpan<byte> baseCheckpointId = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        var message = new StateDiff
        {
            BaseCheckpointId = ByteString.CopyFrom(baseCheckpointId),
            StateHash = ByteString.CopyFrom(result.StateHash.ToArray()),
        };
        if (header is not null)
        {
            message.Header = header;
        }

        if (result.Patch.Operations.Count > 0 && result.UseFullState)
        {
            message.FullState = ByteString.CopyFrom(newState);
        }
        else
        {
            message.Operations.Add(result.Patch.Operations.Select(ToMessage));
        }

        return message;
    }

    /// <summary>The operations of a message as a patch.</summary>
    /// <param name="message">The message. Its full state and hash are not looked at.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StatePatchException">An operation has an encoding other than JSON or raw, an unknown number, or a value that is not JSON.</exception>
    /// <exception cref="StreamException">There are too many operations, or they are too long (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static StatePatch ToPatch(this StateDiff message, StateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        var used = StateOptions.Checked(options);
        PatchText.LimitsOf(used).CheckItems(message.Operations.Count);
        return StatePatch.Of(message.Operations.Select(ToOperation), used);
    }

    /// <summary>
    /// The state that a message leads to. A full state wins over operations; then the base is not looked at. A hash in the message is
    /// always checked; a message without one is taken as it is.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="state">The state that the message was made for, as UTF-8 JSON. Never changed.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <returns>The new state as UTF-8 JSON.</returns>
    /// <exception cref="StatePatchException">An operation cannot be read or does not fit the state.</exception>
    /// <exception cref="StateHashMismatchException">The result has another hash than the message says.</exception>
    /// <exception cref="StreamException">A state or the hash is malformed (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static byte[] ApplyTo(this StateDiff message, ReadOnlyMemory<byte> state, StateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        var used = StateOptions.Checked(options);
        var expected = HashOf(message);
        if (message.FullState.IsEmpty)
        {
            return message.ToPatch(used).ApplyTo(state, expected, used);
        }

        var actual = StateHash.Of(message.FullState.Memory, used);
        return expected is { } hash && hash != actual
            ? throw new StateHashMismatchException(hash, actual)
            : message.FullState.ToByteArray();
    }

    private static StateHash? HashOf(StateDiff message) => message.StateHash.Length switch
    {
        0 => null,
        StateHash.ByteLength => new StateHash(message.StateHash.Span),
        var length => throw new StreamException(
            StreamErrorKind.Corrupt, $"The state diff has a hash of {length} bytes; a SHA-256 has {StateHash.ByteLength}."),
    };

    private static DiffOperation ToMessage(StateOperation operation) => new()
    {
        Op = (DiffOperation.Types.OpType)operation.Kind,
        Path = operation.Path,
        Value = ByteString.CopyFrom(operation.Value.Span),
        From = operation.From ?? "",
        Encoding = DiffOperation.Types.ValueEncoding.Json,
    };

    private static StateOperation ToOperation(DiffOperation operation, int number)
    {
        if (operation.Encoding is DiffOperation.Types.ValueEncoding.Msgpack or DiffOperation.Types.ValueEncoding.Protobuf)
        {
            PipelineMeter.UnsupportedEncoding.Add(1);
            throw new StatePatchException(
                StreamErrorKind.InvalidRequest,
                $"its value is encoded as {operation.Encoding}, which no reader of state diffs takes; write values as JSON",
                number,
                operation.Path);
        }

        var kind = (StateOperationKind)operation.Op;
        if (!Enum.IsDefined(kind))
        {
            throw new StatePatchException(StreamErrorKind.InvalidRequest, $"its number {(int)operation.Op} is no operation of RFC 6902", number, operation.Path);
        }

        // An empty value stands for null; raw and unknown encodings are read as JSON, as other readers do.
        var value = operation.Value.IsEmpty ? "null"u8.ToArray() : operation.Value.Memory;
        return new StateOperation(kind, operation.Path, PatchText.HasValue(kind) ? value : default, PatchText.HasFrom(kind) ? operation.From : null);
    }
}
