namespace DashStream.Conformance;

/// <summary>Which records are done. Where members drop what they handled before, a record is done when any copy of its message is.</summary>
internal sealed class DoneSet(ILookup<int, StreamPosition> copies, IReadOnlyDictionary<StreamPosition, int> messages, bool copiesCount)
{
    private readonly HashSet<StreamPosition> _done = [];

    public void Add(StreamPosition position)
    {
        _done.Add(position);
        if (copiesCount && messages.TryGetValue(position, out var message))
        {
            _done.UnionWith(copies[message]);
        }
    }

    public bool Contains(StreamPosition position) => _done.Contains(position);
}
