using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>The calls of the limiter to its server: counted, bounded in time, and not made for a tenant while its server is known to be away. Safe for concurrent use.</summary>
internal sealed class LimiterServer(RedisConnection connection, RedisRateLimiterOptions options, TimeProvider time)
{
    private const int KeyArguments = 4;
    private const int HeadAnswers = 2;

    // Beyond it Lua's numbers are not exact; 285 years.
    private const long LongestWait = 1L << 53;

    private const int MostOutages = 10_000;

    // By tenant: in a cluster one node may be away and the others not, and which tenant lives where is the cluster's affair.
    private readonly ConcurrentDictionary<string, Outage> _outages = new(StringComparer.Ordinal);

    /// <summary>Lets the server decide checks of a tenant, after it got permits back.</summary>
    public async ValueTask<LimiterAnswer> TakeAsync(string tenantId, RateLimit limit, long returned, IReadOnlyList<PermitCheck> checks)
    {
        var extra = returned > 0 ? 1 : 0;
        var arguments = Arguments(tenantId, limit, (checks.Count + extra) * 2);
        var next = KeyArguments + 2;
        if (returned > 0)
        {
            (arguments[next++], arguments[next++]) = ((RedisValue)(-returned), (RedisValue)0);
        }

        var now = time.GetTimestamp();
        foreach (var check in checks)
        {
            (arguments[next++], arguments[next++]) = ((RedisValue)check.Cost, (RedisValue)MicrosecondsUntil(check.Deadline, now));
        }

        var answers = (RedisValue[])(await CallAsync(tenantId, LimiterScripts.Take, arguments).ConfigureAwait(false))!;
        var waits = new long[checks.Count];
        for (var i = 0; i < waits.Length; i++)
        {
            waits[i] = (long)answers[HeadAnswers + extra + i];
        }

        return new LimiterAnswer((long)answers[0], (long)answers[1], waits);
    }

    /// <summary>Gives a tenant a limit that holds for every process; null takes it away again.</summary>
    public async ValueTask SetLimitAsync(string tenantId, RateLimit own, RateLimit? limit)
    {
        var arguments = Arguments(tenantId, own, 2);
        arguments[KeyArguments + 2] = limit is null ? RedisValue.EmptyString : Number(limit.MessagesPerSecond);
        arguments[KeyArguments + 3] = limit is null ? RedisValue.EmptyString : (RedisValue)limit.BurstCapacity;
        await CallAsync(tenantId, LimiterScripts.SetLimit, arguments).ConfigureAwait(false);
    }

    // One place is free for the script's name.
    private object[] Arguments(string tenantId, RateLimit limit, int further)
    {
        var keys = LimiterKeys.Of(options.KeyPrefix, tenantId);
        var arguments = new object[KeyArguments + 2 + further];
        (arguments[1], arguments[2], arguments[3]) = ((RedisValue)2, keys.Bucket, keys.Limit);
        (arguments[KeyArguments], arguments[KeyArguments + 1]) = (Number(limit.MessagesPerSecond), (RedisValue)limit.BurstCapacity);
        return arguments;
    }

    private async ValueTask<RedisResult> CallAsync(string tenantId, RedisScript script, object[] arguments)
    {
        if (_outages.TryGetValue(tenantId, out var outage) && outage.Reason() is { } reason)
        {
            throw new StreamException(reason.Kind, $"{reason.Message} It is asked again in a moment.", reason.InnerException);
        }

        var started = time.GetTimestamp();
        var call = connection.EvaluateAsync(script, arguments, CancellationToken.None).AsTask();
        try
        {
            var result = await call.WaitAsync(options.CheckTimeout, time).ConfigureAwait(false);
            if (outage is not null)
            {
                _outages.TryRemove(tenantId, out _);
            }

            LimiterMeter.Took(LimiterMeter.Check, time.GetElapsedTime(started));
            return result;
        }
        catch (StreamException e)
        {
            var isUnconnected = e.InnerException is SocketException or RedisConnectionException { FailureType: ConnectionFailureType.UnableToConnect };
            LimiterMeter.Failed(isUnconnected ? LimiterMeter.Connect : LimiterMeter.Check);
            Book(tenantId, e);
            throw;
        }
        catch (TimeoutException e)
        {
            // It fails later by itself, and then nobody waits for it.
            _ = call.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            LimiterMeter.Failed(LimiterMeter.CheckTimeout);
            var error = new StreamException(StreamErrorKind.Transient,
                $"Redis at {options.Connection}: no answer to a check of the rate limit within {options.CheckTimeout.TotalSeconds:0.###} s ({nameof(RedisRateLimiterOptions.CheckTimeout)}).", e);
            Book(tenantId, error);
            throw error;
        }
    }

    private void Book(string tenantId, StreamException error)
    {
        if (!error.IsTransient)
        {
            _outages.TryRemove(tenantId, out _);
            return;
        }

        if (_outages.Count >= MostOutages)
        {
            // Each is found out about again.
            _outages.Clear();
        }

        _outages.GetOrAdd(tenantId, static (_, clock) => new Outage(clock), time).Report(error);
    }

    private long MicrosecondsUntil(long deadline, long now) => deadline == long.MaxValue
        ? LongestWait
        : Math.Clamp((long)((deadline - now) * 1e6 / time.TimestampFrequency), 0, LongestWait);

    private static RedisValue Number(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
