using System.Security.Cryptography;
using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>
/// Turns the states of one run into messages. Each state is compared with the last one that was handed to the producer, so a state that was dropped on the way
/// leaves no hole: the next patch leads on from what readers have. For the worker alone, except where said.
/// </summary>
internal sealed class StateChain(DashStreamRunsOptions options)
{
    // Many small values take much more memory read than as text; then they are read again instead.
    private const int MostKept = 1 << 20;

    private ReadOnlyMemory<byte>? _last;
    private PreparedState? _lastRead;
    private PreparedState? _next;
    private int _diffs;
    private long _patchBytes;
    private int _sinceCheckpoint;
    private volatile ByteString _checkpointId = ByteString.Empty;
    private volatile bool _broken;

    /// <summary>Whether it is not known what readers have.</summary>
    public bool IsBroken => _broken;

    /// <summary>Whether a checkpoint is due by count.</summary>
    public bool CheckpointIsDue => options.CheckpointEvery > 0 && _sinceCheckpoint >= options.CheckpointEvery;

    /// <summary>A state message failed after it was handed over: what readers have is not known, so the next one is whole. Any thread.</summary>
    public void Break() => _broken = true;

    /// <summary>A checkpoint is stored: later patches name it. Any thread.</summary>
    public void Rest(ByteString checkpointId) => _checkpointId = checkpointId;

    /// <summary>The message for a state, or null when it equals the last one.</summary>
    /// <exception cref="StreamException">The state is not JSON or over a limit.</exception>
    public StateDiff? Next(Header header, ReadOnlyMemory<byte> state)
    {
        _next?.Dispose();
        _next = null;
        if (_last is not { } last)
        {
            _next = PreparedState.Of(state, options.State);
            return Whole(header, state, _next.Hash);
        }

        _lastRead ??= PreparedState.Of(last, options.State);
        _next = _lastRead.Next(state);
        var result = StateDiffer.Compare(_lastRead, _next);
        if (result.Patch.Operations.Count == 0 && !_broken)
        {
            return null;
        }

        var wholeIsDue = _broken
            || (options.FullStateEvery > 0 && _diffs + 1 >= options.FullStateEvery)
            || (options.FullStateAfterPatchBytes > 0 && _patchBytes + result.Patch.Json.Length > options.FullStateAfterPatchBytes);
        if (wholeIsDue)
        {
            return Whole(header, state, result.StateHash);
        }

        if (result.UseFullState)
        {
            RunMeter.Degrade("full_state_fallback");
        }

        return result.ToMessage(state.Span, header, _checkpointId.Span);
    }

    /// <summary>The whole last state again, for readers that may have lost it.</summary>
    public StateDiff? Again(Header header) => _last is { } last ? Whole(header, last, _lastRead?.Hash ?? StateHash.Of(last, options.State)) : null;

    /// <summary>The message was handed over: what it leads to is what readers have.</summary>
    public void Accept(StateDiff message, ReadOnlyMemory<byte> state)
    {
        _last = state;
        Keep(state);
        _sinceCheckpoint++;
        if (message.FullState.IsEmpty)
        {
            _diffs++;
            _patchBytes += message.CalculateSize();
        }
        else
        {
            _diffs = 0;
            _patchBytes = 0;
            _broken = false;
        }
    }

    /// <summary>A checkpoint of the last state, or null without one. It is left to the frame to compress it, once.</summary>
    public Checkpoint? TakeCheckpoint(Header header)
    {
        _sinceCheckpoint = 0;
        if (_last is not { } last)
        {
            return null;
        }

        return new Checkpoint
        {
            Header = header,
            CheckpointId = RunLane.NewId(),
            State = UnsafeByteOperations.UnsafeWrap(last),
            StateType = "application/json",
            Checksum = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(last.Span)),
        };
    }

    private void Keep(ReadOnlyMemory<byte> state)
    {
        if (_lastRead?.Json.Equals(state) == true)
        {
            return;
        }

        _lastRead?.Dispose();
        _lastRead = _next?.Json.Equals(state) == true && _next.HeldBytes <= MostKept ? _next : null;
        _next = _lastRead is null ? _next : null;
    }

    private StateDiff Whole(Header header, ReadOnlyMemory<byte> state, StateHash hash) => new()
    {
        Header = header,
        BaseCheckpointId = _checkpointId,
        StateHash = UnsafeByteOperations.UnsafeWrap(hash.ToArray()),
        FullState = UnsafeByteOperations.UnsafeWrap(state),
    };
}
