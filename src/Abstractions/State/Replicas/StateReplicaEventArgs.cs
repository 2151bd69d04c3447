namespace DashStream.State;

/// <summary>What happened to a replica.</summary>
public sealed class StateReplicaEventArgs : EventArgs
{
    internal StateReplicaEventArgs(string tenantId, string threadId, StateReplicaStatus status, StateMoment? moment, string reason)
    {
        TenantId = tenantId;
        ThreadId = threadId;
        Status = status;
        Moment = moment;
        Reason = reason;
    }

    /// <summary>The tenant; empty for none.</summary>
    public string TenantId { get; }

    /// <summary>The thread.</summary>
    public string ThreadId { get; }

    /// <summary>The status after it.</summary>
    public StateReplicaStatus Status { get; }

    /// <summary>The last state that is known to be right; null without one.</summary>
    public StateMoment? Moment { get; }

    /// <summary>Why, in words; empty when the state moved on.</summary>
    public string Reason { get; }

    /// <summary>A checkpoint by reference that could not be read here: whoever has its store may load it and call <see cref="StateReplica.Restore"/>. Null for none.</summary>
    public Protocol.Checkpoint? Reference { get; internal init; }
}
