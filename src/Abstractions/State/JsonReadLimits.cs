namespace DashStream.State;

/// <summary>What is being read, for the words of a refusal, and how large it may be.</summary>
/// <param name="Subject">How a sentence about it begins, such as "The state".</param>
/// <param name="MaxBytes">Its longest text.</param>
/// <param name="MaxDepth">Its deepest nesting.</param>
/// <param name="MaxItems">The most elements of the outermost array.</param>
internal readonly record struct JsonReadLimits(string Subject, int MaxBytes, int MaxDepth, int MaxItems = int.MaxValue)
{
    public void CheckLength(int length)
    {
        if (length > MaxBytes)
        {
            throw new StreamException(StreamErrorKind.TooLarge, $"{Subject} has {length} bytes; {MaxBytes} are allowed.");
        }
    }

    public void CheckDepth(int depth, long position)
    {
        if (depth > MaxDepth)
        {
            throw new StreamException(StreamErrorKind.TooLarge, $"{Subject} is nested deeper than the {MaxDepth} levels allowed, at byte {position}.");
        }
    }

    public void CheckItems(int items)
    {
        if (items > MaxItems)
        {
            throw new StreamException(StreamErrorKind.TooLarge, $"{Subject} has more than the {MaxItems} operations allowed.");
        }
    }

    public StreamException BreaksGrammar(long position) => NotJson("it breaks the grammar", position);

    public StreamException NotJson(string why, long position) =>
        new(StreamErrorKind.Corrupt, $"{Subject} is not usable JSON: {why}, at byte {position}.");
}
