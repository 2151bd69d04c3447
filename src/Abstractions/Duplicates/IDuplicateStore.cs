namespace DashStream;

/// <summary>Remembers the ids of handled messages, so that one that comes again is not handled again. Thread-safe.</summary>
public interface IDuplicateStore
{
    /// <summary>Opens what one group remembers of one topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group, or null for a reader alone.</param>
    /// <param name="capacity">How many ids it remembers at least.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="StreamException">It cannot be opened.</exception>
    ValueTask<IDuplicateWindow> OpenAsync(string topic, string? group, int capacity, CancellationToken cancellationToken = default);
}

/// <summary>The ids of the messages that one group has handled in one topic, as far back as the window reaches. Thread-safe.</summary>
public interface IDuplicateWindow : IAsyncDisposable
{
    /// <summary>True when the id was added and is not forgotten yet.</summary>
    /// <exception cref="StreamException">The answer is not known; the message waits and asks again.</exception>
    ValueTask<bool> ContainsAsync(UInt128 id, CancellationToken cancellationToken = default);

    /// <summary>Adds an id: returns when it is kept as safely as this store keeps anything. Its message counts as done only then.</summary>
    /// <exception cref="StreamException">It is not known to be kept; it is added again.</exception>
    ValueTask AddAsync(UInt128 id, CancellationToken cancellationToken = default);
}
