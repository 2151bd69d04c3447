namespace DashStream.Conformance;

/// <summary>An occasion for a fault.</summary>
internal enum FaultPoint
{
    RefusedSend,
    LostSend,
    LostReply,
    DoubledSend,
    DelayedSend,
    FailedRead,
    DelayedRead,
    TornConnection,
    LostCommit,
    LostCommitReply,
    DelayedCommit,
    FailedOpen,
    FailedHandler,
    SlowHandler,
    FailedDeadLetter,
}
