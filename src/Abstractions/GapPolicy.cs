namespace DashStream;

/// <summary>What a consumer does about numbers that a thread lacks. Gaps are counted in any case, and so are numbers that come twice or too late; those are
/// never dropped for their number.</summary>
public enum GapPolicy
{
    /// <summary>It goes on.</summary>
    Continue,

    /// <summary>It goes on and logs a warning.</summary>
    Warn,

    /// <summary>
    /// It halts that thread of that tenant, and nothing else, until <see cref="DashStreamConsumer.ResumeThread"/> or until the partition is assigned anew. With
    /// <see cref="DashStreamConsumerOptions.DeadLetters"/> the message behind the gap and those after it go there; without, they are kept unhandled, the commit of
    /// the partition stands, and the partition is paused once its in-flight bound is reached.
    /// </summary>
    HaltThread,
}

/// <summary>A thread that stands still because numbers are missing.</summary>
/// <param name="TenantId">Its tenant.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="Partition">Where it was read.</param>
/// <param name="Expected">The number that was to come.</param>
/// <param name="Received">The number that came.</param>
/// <param name="Waiting">Messages that are kept until it is resumed; 0 when they went to the dead letters.</param>
public readonly record struct HaltedThread(string TenantId, string ThreadId, int Partition, ulong Expected, ulong Received, int Waiting);
