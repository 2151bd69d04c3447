using DashStream.Protocol;
using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>Step 2 of a send: asks the limiter, counts its answers, and decides what holds when it has none. Thread-safe.</summary>
internal sealed class RateGate(IRateLimiter limiter, RateLimiterFailure onFailure, TimeProvider time)
{
    // For the answer of a limiter that waits to the very end; one that hangs longer is broken.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>What a message costs: the number of its events.</summary>
    public static int CostOf(DashStreamMessage message) =>
        message.MessageCase == DashStreamMessage.MessageOneofCase.EventBatch ? Math.Max(1, message.EventBatch.Events.Count) : 1;

    /// <summary>Whether the permits were taken. Completes at once, without allocating, when the limiter does.</summary>
    public ValueTask<bool> AskAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        ValueTask<bool> permit;
        try
        {
            permit = limiter.AcquireAsync(tenantId, cost, maxWait, cancellationToken);
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            return Decide(e);
        }

        if (!permit.IsCompletedSuccessfully)
        {
            return AwaitAsync(tenantId, permit, maxWait, cancellationToken);
        }

        var taken = permit.Result;
        Count(tenantId, taken);
        return new ValueTask<bool>(taken);
    }

    private async ValueTask<bool> AwaitAsync(string tenantId, ValueTask<bool> permit, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        try
        {
            var taken = await permit.AsTask().OrLeaveAsync(maxWait + Grace, time, cancellationToken).ConfigureAwait(false);
            Count(tenantId, taken);
            return taken;
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            return await Decide(e).ConfigureAwait(false);
        }
    }

    // A cost that can never pass is the message's fault, and a cancelled wait the caller's wish.
    private static bool IsOutage(Exception error, CancellationToken cancellationToken) =>
        error is not StreamException { Kind: StreamErrorKind.InvalidRequest } && !(error is OperationCanceledException && cancellationToken.IsCancellationRequested);

    private ValueTask<bool> Decide(Exception error)
    {
        var isOpen = onFailure == RateLimiterFailure.Open;
        PipelineMeter.RateLimiterFailures.Add(1, new KeyValuePair<string, object?>("outcome", isOpen ? "let_through" : "refused"));
        return isOpen
            ? new ValueTask<bool>(true)
            : ValueTask.FromException<bool>(new StreamException(StreamErrorKind.Transient,
                $"The rate limiter could not decide, so nothing was sent ({nameof(DashStreamProducerOptions.OnRateLimiterFailure)} is {nameof(RateLimiterFailure.Closed)}). Try again when it works.",
                error));
    }

    private static void Count(string tenantId, bool taken)
    {
        var counter = taken ? PipelineMeter.RateLimitAllowed : PipelineMeter.RateLimitExceeded;
        if (counter.Enabled)
        {
            counter.Add(1, new KeyValuePair<string, object?>("tenant_id", TenantLabels.Of(tenantId)));
        }
    }
}
