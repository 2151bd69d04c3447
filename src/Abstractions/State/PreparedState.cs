namespace DashStream.State;

/// <summary>
/// A state that has been read and hashed, kept so that the one that comes after it costs only what differs: <see cref="Next"/> neither reads nor hashes again
/// what both texts begin with, and <see cref="StateDiffer.Compare(PreparedState, PreparedState)"/> reads nothing. Until it is disposed it holds pooled arrays: about 60
/// bytes for each value of the state, and as much as the text once or twice where that is not canonical. Not safe for concurrent use.
/// </summary>
public sealed class PreparedState : IDisposable
{
    private readonly StateOptions _options;
    private readonly JsonIndex _index;
    private RunningHash? _hash;
    private bool _isDisposed;

    private PreparedState(ReadOnlyMemory<byte> json, StateOptions options, PreparedState? before)
    {
        _options = options;
        _index = JsonIndex.OfState(json, options, before?.Index);
        _hash = before is null ? null : new RunningHash(_index, before._hash);
    }

    /// <summary>The state as UTF-8 JSON, as it was given.</summary>
    public ReadOnlyMemory<byte> Json => _index.SourceMemory;

    /// <summary>The hash of the state.</summary>
    /// <exception cref="ObjectDisposedException">This state was disposed.</exception>
    public StateHash Hash => (_hash ??= new RunningHash(Index, null)).Value;

    internal JsonIndex Index
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _index;
        }
    }

    internal StateOptions Options => _options;

    internal long HeldBytes => _index.HeldBytes + (_hash?.HeldBytes ?? 0);

    /// <summary>Reads a state.</summary>
    /// <param name="json">The state as UTF-8 JSON. It is not copied: leave it alone as long as this or a state made by <see cref="Next"/> of it is used.</param>
    /// <param name="options">The limits and the rule for full states, for this state and those that follow; null for the defaults. Not to be changed.</param>
    /// <exception cref="StreamException">It is not JSON (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static PreparedState Of(ReadOnlyMemory<byte> json, StateOptions? options = null) => new(json, StateOptions.Checked(options), null);

    /// <summary>Reads a state that comes after this one, which stays as it is. Either may be disposed first.</summary>
    /// <param name="json">The new state as UTF-8 JSON. It is not copied: leave it alone as long as it is used.</param>
    /// <exception cref="StreamException">It is not JSON (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    /// <exception cref="ObjectDisposedException">This state was disposed.</exception>
    public PreparedState Next(ReadOnlyMemory<byte> json) => new(json, _options, this);

    /// <summary>Gives the arrays back.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _index.Dispose();
            _hash?.Dispose();
        }
    }
}
