namespace DashStream.Client;

/// <summary>One thread that stands still, in one assignment of its partition. Guarded by the gate of <see cref="SequenceGuard"/>.</summary>
internal sealed class Halt(AssignedPartition partition, string tenant, string thread, ulong expected, ulong received)
{
    private readonly List<ReceivedMessage> _held = [];
    private int _returning;

    public AssignedPartition Partition { get; } = partition;

    /// <summary>Later ones have larger numbers.</summary>
    public required long Order { get; init; }

    public (int Partition, string Tenant, string Thread) Key => (Partition.Partition, tenant, thread);

    /// <summary>The partition went: what was held is dropped, and nothing of this assignment passes any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Resumed, but some of what was held has not passed yet; what was taken in later must wait for it.</summary>
    public bool IsResumed { get; private set; }

    public bool IsStanding => !IsOver && !IsResumed;

    public HaltedThread Description => new(tenant, thread, Partition.Partition, expected, received, _held.Count);

    public StreamException Refusal() => new(
        StreamErrorKind.Corrupt,
        $"Thread '{thread}' of tenant '{tenant}' is halted: number {expected} was expected and {received} came (gap size: {received - expected}). "
        + "Resume it with ResumeThread once the gap is explained.");

    public void Hold(ReceivedMessage message) => _held.Add(message);

    /// <summary>What goes back, in order.</summary>
    public IReadOnlyList<ReceivedMessage> Resume()
    {
        IsResumed = true;
        var held = TakeHeld();
        _returning = held.Count;
        held.ForEach(message => message.HeldBy = this);
        return held;
    }

    /// <summary>One that was put back passes; true for the last.</summary>
    public bool Return() => --_returning == 0;

    public IReadOnlyList<ReceivedMessage> End()
    {
        IsOver = true;
        return TakeHeld();
    }

    private List<ReceivedMessage> TakeHeld()
    {
        var held = _held.ToList();
        _held.Clear();
        return held;
    }
}
