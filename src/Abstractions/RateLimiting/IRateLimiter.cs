namespace DashStream;

/// <summary>
/// Says how much each tenant may send. Thread-safe. A producer asks before it spends a number on a message; the cost of a message is the number of its
/// events (an <c>EventBatch</c> costs as many as it holds, at least 1; anything else 1). <see cref="TokenBucketRateLimiter"/> decides inside the process; one
/// that asks a server decides for many.
/// </summary>
public interface IRateLimiter
{
    /// <summary>
    /// Takes permits of a tenant, all or none. Returns without suspending when they are there. Otherwise waits for them, at most
    /// <paramref name="maxWait"/>, behind earlier calls for the same tenant and beside those for others.
    /// </summary>
    /// <param name="tenantId">Whose permits.</param>
    /// <param name="cost">How many; at least 1.</param>
    /// <param name="maxWait">The longest wait; zero asks without waiting, <see cref="Timeout.InfiniteTimeSpan"/> waits as long as it takes.</param>
    /// <param name="cancellationToken">Ends the waiting; nothing is taken then.</param>
    /// <returns>True when the permits were taken; false, as soon as that is known, when they will not be there in time. Await it once only.</returns>
    /// <exception cref="StreamException">The cost is above what the tenant can ever have (<see cref="StreamErrorKind.InvalidRequest"/>), or the limiter could
    /// not decide (any other kind); then nothing is known to be taken.</exception>
    ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default);
}
