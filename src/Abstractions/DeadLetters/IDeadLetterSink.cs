namespace DashStream;

/// <summary>Where dead letters go. Thread-safe.</summary>
public interface IDeadLetterSink
{
    /// <summary>Returns when the letter is stored for good: only then may its record count as done.</summary>
    /// <exception cref="StreamException">It is not known to be stored.</exception>
    ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default);
}
