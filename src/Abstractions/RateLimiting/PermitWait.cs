namespace DashStream;

/// <summary>One who waits for permits of a <see cref="TokenBucket"/>; in its list until served, given up or told no.</summary>
internal sealed class PermitWait
{
    public PermitWait(int cost, double deadline)
    {
        Cost = cost;
        Deadline = deadline;
        Node = new LinkedListNode<PermitWait>(this);
    }

    public LinkedListNode<PermitWait> Node { get; }

    public int Cost { get; }

    /// <summary>The timestamp after which the permits are of no use.</summary>
    public double Deadline { get; }

    public TaskCompletionSource<bool> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
