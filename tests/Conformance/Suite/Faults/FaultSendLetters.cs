using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>Takes the dead letters of failed sends, or fails to by plan.</summary>
internal sealed class FaultSendLetters(FaultPlan plan) : IDeadLetterSink
{
    private const double Failing = 0.3;

    private readonly ConcurrentDictionary<int, int> _kept = new();

    /// <summary>How often a letter of a message was kept.</summary>
    public int CountOf(int message) => _kept.GetValueOrDefault(message);

    public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var message = FaultSends.IndexOf(letter.Message!);
        if (letter.Stage == DeadLetterStage.Send && plan.Happens(FaultPoint.FailedDeadLetter, Failing, "send", message))
        {
            return ValueTask.FromException(FaultInjectingProvider.Fault("the letter of a send", StreamErrorKind.Transient));
        }

        _kept.AddOrUpdate(message, 1, static (_, before) => before + 1);
        return ValueTask.CompletedTask;
    }
}
