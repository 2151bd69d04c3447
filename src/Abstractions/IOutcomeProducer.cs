namespace DashStream;

/// <summary>
/// What a producer may implement beside <see cref="IStreamProducer"/>: telling outcomes by a call instead of a task, which saves a turn of the thread pool for
/// each record. Clients look for it and use it where it is there. All that <see cref="IStreamProducer.SendAsync"/> promises (order, bounds, the deadline, what flush
/// and stop wait for) holds here too, and for both kinds of send together. Safe for concurrent use.
/// </summary>
public interface IOutcomeProducer
{
    /// <summary>
    /// Takes a record on without waiting. Null means that it was taken, and <paramref name="outcome"/> is told exactly once, maybe before this call returns. An
    /// error is why it was refused (<see cref="StreamErrorKind.TooLarge"/>, <see cref="StreamErrorKind.Throttled"/>, <see cref="StreamErrorKind.InvalidRequest"/>,
    /// <see cref="StreamErrorKind.Closed"/>: certainly not stored) or could not be handed over; then nothing is told.
    /// </summary>
    /// <param name="record">The record. It may be stored as long as no error is returned.</param>
    /// <param name="outcome">Who is told.</param>
    StreamException? Send(StreamRecord record, ISendOutcome outcome);
}
