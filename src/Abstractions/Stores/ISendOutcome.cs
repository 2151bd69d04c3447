namespace DashStream.Stores;

/// <summary>Told what became of one record, once. On the thread that found out: it must be quick, and must not throw.</summary>
internal interface ISendOutcome
{
    /// <summary>The record is stored there, or failed with that error.</summary>
    void Decided(StreamPosition position, StreamException? error);
}

/// <summary>A producer that can tell outcomes without a task, and so without a turn of the thread pool for each record.</summary>
internal interface IOutcomeProducer
{
    /// <summary>Takes a record on; null, and the outcome follows. Otherwise why not, and nothing follows.</summary>
    StreamException? Send(StreamRecord record, ISendOutcome outcome);
}
