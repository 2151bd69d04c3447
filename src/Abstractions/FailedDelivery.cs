namespace DashStream;

/// <summary>A record that could not be handled.</summary>
/// <param name="Record">The record, bytes and all.</param>
/// <param name="Message">The decoded message, or null when decoding failed.</param>
/// <param name="Error">What went wrong: a <see cref="CodecException"/>, or what the handler threw.</param>
/// <param name="Attempt">1 for the first failure of this record in this run, then 2, and so on.</param>
public sealed record FailedDelivery(StreamRecord Record, Protocol.DashStreamMessage? Message, Exception Error, int Attempt);

/// <summary>What becomes of a failed record.</summary>
public enum FailureAction
{
    /// <summary>The run ends with the error; the record is not done and comes again.</summary>
    Stop,

    /// <summary>The record counts as done: somebody has taken care of it, or it may be lost.</summary>
    Skip,

    /// <summary>The record is handled again after the pause that <see cref="DashStreamConsumerOptions.Retry"/> gives, however often that was; other keys go on.</summary>
    Retry,

    /// <summary>The record goes to <see cref="DashStreamConsumerOptions.DeadLetters"/> at once, and counts as done when its letter is stored.</summary>
    DeadLetter,

    /// <summary>What would happen without a callback: as <see cref="DashStreamConsumerOptions.Retry"/> and <see cref="DashStreamConsumerOptions.DeadLetters"/>
    /// say.</summary>
    Default,
}
