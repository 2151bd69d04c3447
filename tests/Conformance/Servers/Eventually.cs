namespace DashStream.Conformance.Servers;

/// <summary>Waits for what must become true. Each test project says which errors mean that a server is not there yet.</summary>
internal static partial class Eventually
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Long, since a wait ends as soon as its condition holds, and a server starts slowly on a busy machine.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Returns when the condition holds; fails with <paramref name="what"/> when it does not in time. A server that cannot answer just then counts as not yet.
    /// </summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken = default)
    {
        var started = TimeProvider.System.GetTimestamp();
        Exception? last = null;
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            try
            {
                last = null;
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception e) when (IsNotYet(e))
            {
                last = e;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        throw new TimeoutException($"Waited {Patience.TotalSeconds:0} s in vain: {what}. {last?.Message}", last);
    }

    /// <summary>Returns when the condition holds; fails with <paramref name="what"/> when it does not in time.</summary>
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    private static partial bool IsNotYet(Exception error);
}
