using System.Collections;

namespace DashStream.Providers;

/// <summary>The partitions that are ours, ascending, and by number. Guarded by the <see cref="FetchBuffer"/>.</summary>
internal sealed class FetchedPartitions : IReadOnlyList<FetchedPartition>
{
    private readonly List<FetchedPartition> _ascending = [];
    private readonly Dictionary<int, FetchedPartition> _byNumber = [];

    public int Count => _ascending.Count;

    public FetchedPartition this[int index] => _ascending[index];

    public FetchedPartition? Find(int number) => _byNumber.GetValueOrDefault(number);

    public List<FetchedPartition> FindAll(IReadOnlyCollection<int> numbers) => _ascending.FindAll(partition => numbers.Contains(partition.Number));

    public List<T> ConvertAll<T>(Func<FetchedPartition, T> look) => _ascending.ConvertAll(partition => look(partition));

    public void Add(FetchedPartition partition)
    {
        _byNumber.Add(partition.Number, partition);
        _ascending.Add(partition);
        _ascending.Sort(static (a, b) => a.Number.CompareTo(b.Number));
    }

    public void Remove(FetchedPartition partition)
    {
        _byNumber.Remove(partition.Number);
        _ascending.Remove(partition);
    }

    public IEnumerator<FetchedPartition> GetEnumerator() => _ascending.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
