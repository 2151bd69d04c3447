namespace DashStream;

/// <summary>A message that is stored.</summary>
/// <param name="Position">Where.</param>
/// <param name="Sequence">Its number in its thread; 0 for kinds that carry none of their own (batches, traces).</param>
public readonly record struct SendReceipt(StreamPosition Position, ulong Sequence);

/// <summary>The outcome of one message of a batch.</summary>
public readonly struct MessageSendResult
{
    private readonly SendReceipt _receipt;

    internal MessageSendResult(SendReceipt receipt) => _receipt = receipt;

    internal MessageSendResult(Exception error) => Error = error;

    /// <summary>Whether the message is stored.</summary>
    public bool IsStored => Error is null;

    /// <summary>Where it is stored.</summary>
    /// <exception cref="InvalidOperationException">It is not known to be stored; see <see cref="Error"/>.</exception>
    public SendReceipt Receipt => Error is null ? _receipt : throw new InvalidOperationException("The message was not stored.", Error);

    /// <summary>Why it is not known to be stored, or null.</summary>
    public Exception? Error { get; }
}
