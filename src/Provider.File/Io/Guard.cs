namespace DashStream.Providers;

/// <summary>Runs one call of the store and turns errors of the file system into typed ones; an object disposed under the call means: closed.</summary>
internal static class Guard
{
    public static ValueTask<T> Run<T>(string doing, string what, Func<T> call)
    {
        try
        {
            return ValueTask.FromResult(call());
        }
        catch (Exception e) when (IsOurs(e))
        {
            return ValueTask.FromException<T>(Map(e, doing, what));
        }
    }

    public static ValueTask Run(string doing, string what, Action call)
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

    public static async ValueTask<T> RunAsync<T>(string doing, string what, Func<ValueTask<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (IsOurs(e))
        {
            throw Map(e, doing, what);
        }
    }

    public static async ValueTask RunAsync(string doing, string what, Func<ValueTask> call)
    {
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

    private static StreamException Map(Exception e, string doing, string what) => e is ObjectDisposedException
        ? new StreamException(StreamErrorKind.Closed, $"Cannot {doing} '{what}': the topic or the provider was closed meanwhile.", e)
        : FileErrors.Map(e, $"{doing} '{what}'");
}
