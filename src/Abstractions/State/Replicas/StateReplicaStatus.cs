namespace DashStream.State;

/// <summary>How a replica stands to the thread it follows.</summary>
public enum StateReplicaStatus
{
    /// <summary>Nothing of the thread's state has come yet.</summary>
    Empty,

    /// <summary>The state is that of the last state message that came.</summary>
    InSync,

    /// <summary>
    /// Something came that does not lead on from the state that is there: a message is missing, or was damaged. The state is still right for the moment that is
    /// told with it; a full state, a checkpoint, or what is missing brings the replica back.
    /// </summary>
    Waiting,
}
