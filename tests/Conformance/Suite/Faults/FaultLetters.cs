using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>Takes dead letters, or fails to by plan. A record whose letter it took is done.</summary>
internal sealed class FaultLetters(FaultPlan plan, FaultJournal journal) : IDeadLetterSink
{
    private const double Failing = 0.3;

    private readonly ConcurrentDictionary<StreamPosition, int> _calls = new();

    public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var position = letter.Record.Position!.Value;
        var call = _calls.AddOrUpdate(position, 0, static (_, last) => last + 1);
        if (plan.Happens(FaultPoint.FailedDeadLetter, Failing, position.ToString(), call))
        {
            return ValueTask.FromException(FaultInjectingProvider.Fault("a dead letter", StreamErrorKind.Transient));
        }

        journal.Done(position, FaultJournal.DeadLetter);
        return ValueTask.CompletedTask;
    }
}
