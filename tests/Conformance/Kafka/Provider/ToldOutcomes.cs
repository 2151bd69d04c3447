using System.Collections.Concurrent;

namespace DashStream.Conformance.Kafka;

/// <summary>Keeps what senders were told, record by record, in the order of the calls.</summary>
internal sealed class ToldOutcomes
{
    private readonly ConcurrentQueue<(int Number, StreamPosition Position, StreamException? Error)> _told = new();

    /// <summary>All calls so far.</summary>
    public IReadOnlyList<(int Number, StreamPosition Position, StreamException? Error)> All => [.. _told];

    /// <summary>The numbers of the records, in the order of the calls.</summary>
    public int[] Numbers => [.. _told.Select(told => told.Number)];

    /// <summary>Who is told of a record.</summary>
    public ISendOutcome Of(int number, Action? then = null) => new Outcome(this, number, then);

    private sealed class Outcome(ToldOutcomes owner, int number, Action? then) : ISendOutcome
    {
        public void Decided(StreamPosition position, StreamException? error)
        {
            owner._told.Enqueue((number, position, error));
            then?.Invoke();
        }
    }
}
