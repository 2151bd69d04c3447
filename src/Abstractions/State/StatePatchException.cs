namespace DashStream.State;

/// <summary>
/// A patch that cannot be read or applied. The state it was for is untouched. <see cref="StreamException.Kind"/> is
/// <see cref="StreamErrorKind.Corrupt"/> for bytes that are not a patch, <see cref="StreamErrorKind.TooLarge"/> for limits and
/// <see cref="StreamErrorKind.InvalidRequest"/> for an operation that does not fit the state. Values are never quoted.
/// </summary>
public sealed class StatePatchException : StreamException
{
    private const int LongestQuote = 200;

    internal StatePatchException(StreamErrorKind kind, string reason, int operationIndex, string? path, Exception? innerException = null)
        : base(kind, Describe(reason, operationIndex, path), innerException)
    {
        OperationIndex = operationIndex;
        Path = path;
    }

    /// <summary>Which operation failed, counted from 0.</summary>
    public int OperationIndex { get; }

    /// <summary>The path of that operation; null when it has none.</summary>
    public string? Path { get; }

    private static string Describe(string reason, int operationIndex, string? path)
    {
        if (path is null)
        {
            return $"Operation {operationIndex} of the patch failed: {reason}.";
        }

        var quoted = path.Length > LongestQuote ? $"{path[..LongestQuote]}… ({path.Length} characters)" : path;
        return $"Operation {operationIndex} of the patch failed at \"{quoted}\": {reason}.";
    }
}
