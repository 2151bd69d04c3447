namespace DashStream;

/// <summary>
/// Told what became of one record that an <see cref="IOutcomeProducer"/> took on. Implemented by who sends; producers of providers call it.
/// </summary>
public interface ISendOutcome
{
    /// <summary>
    /// The record is stored at <paramref name="position"/>, or failed with <paramref name="error"/>. Called once, on the thread that found out, which has others to
    /// tell: it must be quick, must not block and must not throw. It may send the next record.
    /// </summary>
    /// <param name="position">Where the record is; without meaning when <paramref name="error"/> is given.</param>
    /// <param name="error">Why it is not stored, or not known to be; null when it is stored.</param>
    void Decided(StreamPosition position, StreamException? error);
}
