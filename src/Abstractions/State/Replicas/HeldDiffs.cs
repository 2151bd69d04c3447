using DashStream.Protocol;

namespace DashStream.State;

/// <summary>Patches that wait for what comes before them, bounded by count and bytes. The oldest goes first.</summary>
internal sealed class HeldDiffs(StateReplicaOptions options)
{
    private readonly List<HeldDiff> _held = [];
    private long _bytes;

    public int Count => _held.Count;

    public bool Contains(MessageOrder order) => _held.Exists(held => held.Order.IsSameAs(order));

    /// <summary>Whether one of the same producer, or at an earlier place, waits already.</summary>
    public bool HasBefore(MessageOrder order) => _held.Exists(held => IsBefore(held.Order, order));

    /// <summary>The first of each producer.</summary>
    public IReadOnlyList<HeldDiff> Heads() => [.. _held.DistinctBy(held => held.Order.Producer)];

    public void RemoveAll(Predicate<HeldDiff> match)
    {
        foreach (var held in _held.FindAll(match))
        {
            Remove(held);
        }
    }

    /// <summary>Keeps one in its order; returns how many found no more room.</summary>
    public int Add(StateDiff message, MessageOrder order)
    {
        var held = new HeldDiff(message, order, message.CalculateSize());
        var at = _held.FindIndex(other => IsBefore(order, other.Order));
        _held.Insert(at < 0 ? _held.Count : at, held);
        _bytes += held.Bytes;
        var givenUp = 0;
        while (_held.Count > options.MaxHeldMessages || (_bytes > options.MaxHeldBytes && _held.Count > 0))
        {
            Remove(_held[0]);
            givenUp++;
        }

        return givenUp;
    }

    private void Remove(HeldDiff held)
    {
        _held.Remove(held);
        _bytes -= held.Bytes;
    }

    private static bool IsBefore(in MessageOrder order, in MessageOrder other) =>
        order.IsPlacedBeside(other)
            ? order.Position!.Value < other.Position!.Value
            : order.Producer == other.Producer && order.Number != 0 && order.Number < other.Number;
}

/// <summary>A patch that waits.</summary>
internal sealed record HeldDiff(StateDiff Message, MessageOrder Order, int Bytes);
