namespace DashStream.Tests.Client;

/// <summary>A limiter that answers what the test says.</summary>
internal sealed class ScriptedLimiter(Func<string, int, ValueTask<bool>> answer) : IRateLimiter
{
    public ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default) => answer(tenantId, cost);
}
