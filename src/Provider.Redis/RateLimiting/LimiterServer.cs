using System.Globalization;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>The calls of the limiter to its server: counted, bounded in time, and not made while the server is known to be away. Safe for concurrent use.</summary>
internal sealed class LimiterServer(RedisConnection connection, RedisRateLimiterOptions options, TimeProvider time)
{
    private const int KeyArguments = 4;
    private const int HeadAnswers = 2;

    // Beyond it Lua's numbers are not exact; 285 years.
    private const long LongestWait = 1L << 53;

    private readonly Outage _outage = new(time);

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

        var answers = (RedisValue[])(await CallAsync(LimiterScripts.Take, arguments).ConfigureAwait(false))!;
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
        await CallAsync(LimiterScripts.SetLimit, arguments).ConfigureAwait(false);
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

    private async ValueTask<RedisResult> CallAsync(RedisScript script, object[] arguments)
    {
        if (_outage.Reason() is { } reason)
        {
            throw new StreamException(reason.Kind, $"{reason.Message} It is asked again in a moment.", reason.InnerException);
        }

        var started = time.GetTimestamp();
        try
        {
            var result = await connection.EvaluateAsync(script, arguments, CancellationToken.None).AsTask().WaitAsync(options.CheckTimeout, time).ConfigureAwait(false);
            _outage.End();
            LimiterMeter.Took(LimiterMeter.Check, time.GetElapsedTime(started));
            return result;
        }
        catch (StreamException e)
        {
            LimiterMeter.Failed(e.InnerException is RedisConnectionException { FailureType: ConnectionFailureType.UnableToConnect } ? LimiterMeter.Connect : LimiterMeter.Check);
            Book(e);
            throw;
        }
        catch (TimeoutException e)
        {
            LimiterMeter.Failed(LimiterMeter.CheckTimeout);
            var error = new StreamException(StreamErrorKind.Transient,
                $"Redis at {options.Connection}: no answer to a check of the rate limit within {options.CheckTimeout.TotalSeconds:0.###} s ({nameof(RedisRateLimiterOptions.CheckTimeout)}).", e);
            Book(error);
            throw error;
        }
    }

    private void Book(StreamException error)
    {
        if (error.IsTransient)
        {
            _outage.Report(error);
        }
        else
        {
            _outage.End();
        }
    }

    private long MicrosecondsUntil(long deadline, long now) => deadline == long.MaxValue
        ? LongestWait
        : Math.Clamp((long)((deadline - now) * 1e6 / time.TimestampFrequency), 0, LongestWait);

    private static RedisValue Number(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
