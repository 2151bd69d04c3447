namespace DashStream.Providers;

/// <summary>
/// Runs one call of the store and turns errors of the file system into typed ones. An object disposed under the call means that the store was closed, or else
/// that the topic was deleted. A call that is cancelled already does nothing.
/// </summary>
internal sealed class StoreGuard(string folder)
{
    private volatile bool _closed;

    /// <summary>From here on the store is closed.</summary>
    public void Close() => _closed = true;

    public ValueTask<T> Run<T>(string doing, string what, Func<T> call, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        try
        {
            return ValueTask.FromResult(call());
        }
        catch (Exception e) when (IsOurs(e))
        {
            return ValueTask.FromException<T>(Map(e, doing, what));
        }
    }

    public ValueTask Run(string doing, string what, Action call)
    {
        try
        {
            call();
            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (IsOurs(e))
        {
            return ValueTask.FromException(Map(e, doing, what));
        }
    }

    public async ValueTask<T> RunAsync<T>(string doing, string what, Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (IsOurs(e))
        {
            throw Map(e, doing, what);
        }
    }

    public async ValueTask RunAsync(string doing, string what, Func<ValueTask> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (Exception e) when (IsOurs(e))
        {
            throw Map(e, doing, what);
        }
    }

    private static bool IsOurs(Exception e) => e is ObjectDisposedException || FileErrors.IsForeign(e);

    private StreamException Map(Exception e, string doing, string what) => e switch
    {
        ObjectDisposedException when _closed => new StreamException(StreamErrorKind.Closed, $"Cannot {doing} '{what}': the provider was disposed.", e),
        ObjectDisposedException => new StreamException(StreamErrorKind.NotFound, $"Cannot {doing} '{what}': the topic was deleted.", e),
        _ => FileErrors.Map(e, $"{doing} '{what}' in '{folder}'"),
    };
}
