namespace DashStream.Conformance.Kafka;

/// <summary>Writes down what a member is told of its partitions.</summary>
internal sealed class HeardChanges : IAssignmentListener
{
    private readonly Lock _gate = new();
    private readonly List<int> _assigned = [];
    private readonly List<int> _revoked = [];
    private readonly List<int> _lost = [];
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public IReadOnlyList<int> Assigned => Copy(_assigned);

    public IReadOnlyList<int> Revoked => Copy(_revoked);

    public IReadOnlyList<int> Lost => Copy(_lost);

    public ValueTask OnAssignedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => Note(_assigned, partitions);

    public ValueTask OnRevokedAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => Note(_revoked, partitions);

    public ValueTask OnLostAsync(IReadOnlyList<int> partitions, CancellationToken cancellationToken) => Note(_lost, partitions);

    private ValueTask Note(List<int> list, IReadOnlyList<int> partitions)
    {
        lock (_gate)
        {
            list.AddRange(partitions);
            _calls++;
        }

        return ValueTask.CompletedTask;
    }

    private IReadOnlyList<int> Copy(List<int> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }
}
