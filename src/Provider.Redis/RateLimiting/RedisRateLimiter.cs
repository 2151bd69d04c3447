using System.Collections.Concurrent;

namespace DashStream.Providers;

/// <summary>
/// Limits tenants across processes: all that name the same server and prefix share one bucket for each tenant, kept on the server and refilled by the server's clock.
/// It starts full, is refilled steadily and never holds more than its burst. Waiting is first come, first served among all processes, since permits are promised
/// in the order of the calls; no tenant waits for another. A caller that gives up, or dies, wastes at most what it was promised. Thread-safe.
/// </summary>
/// <remarks>
/// When the server does not answer, a check fails within <see cref="RedisRateLimiterOptions.CheckTimeout"/>, and while it stays away further ones of that tenant fail at once; what a producer does then is
/// its <see cref="DashStreamProducerOptions.OnRateLimiterFailure"/>. It works again by itself. A server that lost its data starts with full buckets.
/// </remarks>
public sealed class RedisRateLimiter : IRateLimiter, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TenantLine> _lines = new(StringComparer.Ordinal);
    private readonly RedisRateLimiterOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisConnection _connection;
    private readonly LimiterServer _server;

    /// <summary>Makes a limiter. The server is asked for nothing before the first check.</summary>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's. Only its monotonic side is used, to wait: permits come back by the server's clock alone.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public RedisRateLimiter(RedisRateLimiterOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new RedisRateLimiterOptions();
        _options.Validate();
        _time = time ?? TimeProvider.System;
        _connection = new RedisConnection(_options.Connection, "limiter", _time);
        _server = new LimiterServer(_connection, _options, _time);
    }

    /// <summary>Tenants of which somebody asks or waits just now.</summary>
    internal int Count => _lines.Count;

    /// <inheritdoc/>
    public ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        var check = new PermitCheck(cost, DeadlineOf(maxWait));
        TenantLine line;
        do
        {
            line = LineOf(tenantId);
        }
        while (!line.TryJoin(check));
        return cancellationToken.CanBeCanceled ? WaitAsync(line, check, cancellationToken) : new ValueTask<bool>(check.Outcome.Task);
    }

    /// <summary>
    /// Gives a tenant a limit of its own in every process, until it is taken away again: it is kept on the server. It holds from the next check on; what was spent stays
    /// spent, and who waits already keeps the time that was promised.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="limit">Its limit; null means that of the options again.</param>
    /// <param name="cancellationToken">Ends the waiting for the server; the limit may have been set.</param>
    /// <exception cref="StreamException">The limit is out of range (<see cref="StreamErrorKind.InvalidRequest"/>), or the server did not take it.</exception>
    public async ValueTask SetLimitAsync(string tenantId, RateLimit? limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        var faults = string.Join("; ", limit?.Faults() ?? []);
        if (faults.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{nameof(RateLimit)}: {faults}.");
        }

        await _server.SetLimitAsync(tenantId, OwnLimitOf(tenantId), limit).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How many permits a tenant could take just now without waiting, rounded down. Asking changes nothing.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="cancellationToken">Ends the waiting for the server.</param>
    /// <exception cref="StreamException">The server could not be asked.</exception>
    public async ValueTask<long> AvailableToAsync(string tenantId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        var answer = await _server.TakeAsync(tenantId, OwnLimitOf(tenantId), returned: 0, []).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.Left;
    }

    /// <summary>Ends the connection. Checks under way fail with <see cref="StreamErrorKind.Closed"/>; who waits for promised permits gets them.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>The limit of the options.</summary>
    internal RateLimit OwnLimitOf(string tenantId) => _options.Tenants.GetValueOrDefault(tenantId, _options.Default);

    internal void Forget(TenantLine line) => _lines.TryRemove(KeyValuePair.Create(line.TenantId, line));

    internal static StreamException AboveBurst(string tenantId, int cost, long burst) => new(StreamErrorKind.InvalidRequest,
        $"A message of {cost} events can never pass the rate limit of tenant '{tenantId}', which lets {burst} pass at once. Send smaller batches or raise {nameof(RateLimit.BurstCapacity)}.");

    private TenantLine LineOf(string tenantId) => _lines.GetOrAdd(tenantId, static (id, limiter) => new TenantLine(id, limiter, limiter._server, limiter._time), this);

    private long DeadlineOf(TimeSpan maxWait)
    {
        if (maxWait == Timeout.InfiniteTimeSpan)
        {
            return long.MaxValue;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(maxWait, TimeSpan.Zero);
        var deadline = _time.GetTimestamp() + (maxWait.TotalSeconds * _time.TimestampFrequency);
        return deadline < long.MaxValue ? (long)deadline : long.MaxValue;
    }

    private static async ValueTask<bool> WaitAsync(TenantLine line, PermitCheck check, CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister((_, token) => line.Cancel(check, token), null))
        {
            return await check.Outcome.Task.ConfigureAwait(false);
        }
    }
}
