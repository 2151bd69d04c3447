namespace DashStream.Runs;

/// <summary>Why a message of a run was not taken.</summary>
internal enum RunLoss
{
    None,
    QueueFull,
    CapacityLimit,
    RunEnded,
    Stopped,
}
