namespace DashStream.Providers;

/// <summary>One who asked for permits of a tenant.</summary>
internal sealed class PermitCheck
{
    public PermitCheck(int cost, long deadline)
    {
        (Cost, Deadline) = (cost, deadline);
        Node = new LinkedListNode<PermitCheck>(this);
    }

    public int Cost { get; }

    /// <summary>The timestamp after which the permits are of no use; the largest when there is none.</summary>
    public long Deadline { get; }

    /// <summary>The timestamp at which the permits that were promised are there.</summary>
    public long Due { get; set; }

    /// <summary>Its place among those who wait; in no list before and after.</summary>
    public LinkedListNode<PermitCheck> Node { get; }

    public TaskCompletionSource<bool> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsDecided => Outcome.Task.IsCompleted;
}
