namespace DashStream.State;

/// <summary>What a replica did with a message.</summary>
public enum StateOffer
{
    /// <summary>The message has no part in the state: another kind, or a checkpoint of a state that is there already.</summary>
    NotState,

    /// <summary>The state has moved on: the hash fits, or it is a whole state, or a patch without a hash of which it is known that nothing is missing before it.</summary>
    Applied,

    /// <summary>The patch does not lead on from the state that is there. It is kept until what is missing comes.</summary>
    Held,

    /// <summary>The message had come before.</summary>
    Duplicate,

    /// <summary>The message is older than the state that is there.</summary>
    Late,

    /// <summary>The message belongs to another thread or tenant.</summary>
    OtherThread,

    /// <summary>The message is damaged or over a limit; its error is told by <see cref="StateReplica.LastError"/>.</summary>
    Refused,
}
