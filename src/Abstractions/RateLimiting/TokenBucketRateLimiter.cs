using System.Collections.Concurrent;

namespace DashStream;

/// <summary>
/// Limits tenants inside this process: each has a bucket that starts full, is refilled steadily and never holds more than its capacity. Thread-safe; a check
/// that need not wait allocates nothing. Waiting is first come, first served within a tenant, whichever producers share the limiter, and no tenant waits for
/// another.
/// </summary>
public sealed class TokenBucketRateLimiter : IRateLimiter
{
    private const int SweptShare = 10;

    private readonly ConcurrentDictionary<string, TokenBucket> _buckets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RateLimit> _limits;
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly int _maxTenants;
    private RateLimit _default;

    /// <summary>Makes a limiter.</summary>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's. Only its monotonic side is used.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public TokenBucketRateLimiter(RateLimiterOptions? options = null, TimeProvider? time = null)
    {
        options ??= new RateLimiterOptions();
        OptionFaults.ThrowIfAny(nameof(RateLimiterOptions), options.Faults());
        _default = options.Default;
        _limits = new(options.Tenants, StringComparer.Ordinal);
        _maxTenants = options.MaxTenants;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>How many tenants are remembered just now.</summary>
    internal int Count => _buckets.Count;

    /// <inheritdoc/>
    public ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        ValueTask<bool> outcome;
        while (!BucketOf(tenantId).TryAcquire(cost, maxWait, out outcome, cancellationToken))
        {
            // The bucket was forgotten between the look-up and the check.
        }

        return outcome;
    }

    /// <summary>Gives a tenant a limit of its own, or all others' limit back. It holds at once, for those who wait too; what was spent stays spent.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="limit">Its limit; null means <see cref="RateLimiterOptions.Default"/> again.</param>
    /// <exception cref="StreamException">The limit is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public void SetLimit(string tenantId, RateLimit? limit)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        OptionFaults.ThrowIfAny(nameof(RateLimit), limit?.Faults() ?? []);
        lock (_gate)
        {
            if (limit is null)
            {
                _limits.TryRemove(tenantId, out _);
            }
            else
            {
                _limits[tenantId] = limit;
            }

            Refit(tenantId);
        }
    }

    /// <summary>Changes the limit of all tenants that have none of their own. It holds at once, for those who wait too.</summary>
    /// <exception cref="StreamException">The limit is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public void SetDefaultLimit(RateLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        OptionFaults.ThrowIfAny(nameof(RateLimit), limit.Faults());
        lock (_gate)
        {
            _default = limit;
            foreach (var tenantId in _buckets.Keys)
            {
                Refit(tenantId);
            }
        }
    }

    /// <summary>The limit that holds for a tenant.</summary>
    public RateLimit LimitOf(string tenantId) => _limits.GetValueOrDefault(tenantId, Volatile.Read(ref _default));

    /// <summary>How many permits a tenant could take just now without waiting, rounded down. Asking changes nothing.</summary>
    public long AvailableTo(string tenantId) => _buckets.TryGetValue(tenantId, out var bucket) ? bucket.Available : LimitOf(tenantId).BurstCapacity;

    private void Refit(string tenantId)
    {
        if (_buckets.TryGetValue(tenantId, out var bucket))
        {
            bucket.SetLimit(LimitOf(tenantId));
        }
    }

    private TokenBucket BucketOf(string tenantId) => _buckets.TryGetValue(tenantId, out var bucket) ? bucket : AddBucket(tenantId);

    private TokenBucket AddBucket(string tenantId)
    {
        lock (_gate)
        {
            if (_buckets.TryGetValue(tenantId, out var bucket))
            {
                return bucket;
            }

            if (_buckets.Count >= _maxTenants)
            {
                Sweep();
            }

            return _buckets[tenantId] = new TokenBucket(tenantId, LimitOf(tenantId), _time);
        }
    }

    // A tenth at a time, so that the scan is paid for by many tenants.
    private void Sweep()
    {
        var left = Math.Max(1, _maxTenants / SweptShare);
        foreach (var (tenantId, bucket) in _buckets.OrderBy(pair => pair.Value.IsFull ? 0 : 1).ThenBy(pair => pair.Value.LastUse).ToList())
        {
            if (left == 0)
            {
                return;
            }

            if (bucket.TryRetire())
            {
                _buckets.TryRemove(tenantId, out _);
                left--;
            }
        }
    }
}
