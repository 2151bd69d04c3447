using DashStream.Protocol;

namespace DashStream.Runs;

/// <summary>One thing for the queue's worker to do.</summary>
internal readonly struct RunWork
{
    /// <summary>The lane it belongs to; null for what concerns all.</summary>
    public RunLane? Lane { get; init; }

    /// <summary>The message to send, or null.</summary>
    public DashStreamMessage? Message { get; init; }

    /// <summary>A state to compare with the one before, with the header of its message; or null.</summary>
    public StateSnapshot? State { get; init; }

    /// <summary>Completed with the task of all sends before it; or null.</summary>
    public TaskCompletionSource<Task>? Flush { get; init; }

    /// <summary>Whether it asks for a checkpoint of the last state.</summary>
    public bool Checkpoint { get; init; }

    /// <summary>Whether a state message of the lane failed, so that readers need the whole state again.</summary>
    public bool Heal { get; init; }

    /// <summary>The room it holds.</summary>
    public RunSlip Slip { get; init; }
}

/// <summary>A state as it was when it was told.</summary>
/// <param name="Header">The header of its message.</param>
/// <param name="Json">The state; nobody changes it any more.</param>
internal sealed record StateSnapshot(Header Header, ReadOnlyMemory<byte> Json);
