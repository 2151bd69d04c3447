using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>Keeps dead letters, or refuses them while a case says so.</summary>
internal sealed class LetterBox : IDeadLetterSink
{
    private readonly ConcurrentQueue<DeadLetter> _letters = new();
    private volatile bool _refuses;
    private int _refused;

    public bool Refuses
    {
        get => _refuses;
        set => _refuses = value;
    }

    /// <summary>What a refusal says.</summary>
    public string Reason { get; init; } = "The letter box is shut by the case.";

    public int Refused => Volatile.Read(ref _refused);

    public IReadOnlyList<DeadLetter> Letters => [.. _letters];

    public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        if (_refuses)
        {
            Interlocked.Increment(ref _refused);
            return ValueTask.FromException(new StreamException(StreamErrorKind.Transient, Reason));
        }

        _letters.Enqueue(letter);
        return ValueTask.CompletedTask;
    }
}
