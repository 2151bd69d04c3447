namespace DashStream.Conformance;

/// <summary>What really happened in a run, in order: what the store took, which deliveries began and ended, what was committed. Thread-safe.</summary>
internal sealed class FaultJournal
{
    /// <summary>Who did what a dead letter does.</summary>
    public const string DeadLetter = "dead letter";

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly HashSet<StreamPosition> _done = [];

    public enum Step
    {
        Stored,
        Taken,
        Started,
        Done,
        Committing,
        Committed,
    }

    public IReadOnlyList<Entry> Entries
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries];
            }
        }
    }

    public bool IsDone(StreamPosition position)
    {
        lock (_gate)
        {
            return _done.Contains(position);
        }
    }

    public void Stored(StreamPosition position, string who) => Add(Step.Stored, position, who);

    /// <summary>A handler was called with it, alone or among others.</summary>
    public void Taken(StreamPosition position, string who) => Add(Step.Taken, position, who);

    /// <summary>It began to be handled; in a batch, after those before it.</summary>
    public void Started(StreamPosition position, string who) => Add(Step.Started, position, who);

    /// <summary>Handled, or its dead letter is stored.</summary>
    public void Done(StreamPosition position, string who) => Add(Step.Done, position, who, _done);

    public void Committing(IReadOnlyList<StreamPosition> positions, string who) => Add(Step.Committing, positions, who);

    public void Committed(IReadOnlyList<StreamPosition> positions, string who) => Add(Step.Committed, positions, who);

    /// <summary>One number for the whole of it: equal journals have equal ones.</summary>
    public ulong Digest()
    {
        var hash = 14695981039346656037UL;
        foreach (var entry in Entries)
        {
            hash = Add(Add(Add(hash, (ulong)entry.Step), (ulong)entry.Position.Partition), (ulong)entry.Position.Offset);
        }

        return hash;

        // FNV-1a, a word at a time.
        static ulong Add(ulong hash, ulong value) => (hash ^ value) * 1099511628211;
    }

    private void Add(Step step, StreamPosition position, string who, HashSet<StreamPosition>? also = null)
    {
        lock (_gate)
        {
            _entries.Add(new Entry(step, position, who));
            also?.Add(position);
        }
    }

    private void Add(Step step, IReadOnlyList<StreamPosition> positions, string who)
    {
        lock (_gate)
        {
            _entries.AddRange(positions.Select(position => new Entry(step, position, who)));
        }
    }

    public readonly record struct Entry(Step Step, StreamPosition Position, string Who)
    {
        public override string ToString() => $"{Position} {Step} by {Who}";
    }
}
