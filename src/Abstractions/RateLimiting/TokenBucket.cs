namespace DashStream;

/// <summary>The permits of one tenant and, in order, those who wait for some. Thread-safe.</summary>
internal sealed class TokenBucket
{
    // A refill is a product of fractions: what lacks less than this is there.
    private const double Rounding = 1e-6;

    private readonly Lock _gate = new();
    private readonly LinkedList<PermitWait> _waiting = new();
    private readonly string _tenantId;
    private readonly TimeProvider _time;
    private readonly double _frequency;
    private readonly ITimer _timer;
    private RateLimit _limit;
    private double _permits;
    private double _awaited;
    private long _refilled;
    private long _lastUse;
    private bool _retired;

    public TokenBucket(string tenantId, RateLimit limit, TimeProvider time)
    {
        _tenantId = tenantId;
        _limit = limit;
        _time = time;
        _frequency = time.TimestampFrequency;
        _permits = limit.BurstCapacity;
        _refilled = _lastUse = time.GetTimestamp();
        _timer = time.CreateTimer(static bucket => ((TokenBucket)bucket!).LetGo(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The timestamp of the last check.</summary>
    public long LastUse => Volatile.Read(ref _lastUse);

    public bool IsFull => Available >= Volatile.Read(ref _limit).BurstCapacity;

    public long Available
    {
        get
        {
            lock (_gate)
            {
                Refill();
                return _waiting.Count > 0 ? 0 : (long)(_permits + Rounding);
            }
        }
    }

    /// <summary>Takes permits, or waits for them. False when this bucket was forgotten: look it up again.</summary>
    public bool TryAcquire(int cost, TimeSpan maxWait, out ValueTask<bool> outcome, CancellationToken cancellationToken)
    {
        PermitWait wait;
        lock (_gate)
        {
            outcome = default;
            if (_retired)
            {
                return false;
            }

            Refill();
            Volatile.Write(ref _lastUse, _refilled);
            if (cost > _limit.BurstCapacity)
            {
                outcome = ValueTask.FromException<bool>(AboveCapacity(cost));
                return true;
            }

            if (_waiting.Count == 0 && TryTake(cost))
            {
                outcome = new ValueTask<bool>(true);
                return true;
            }

            if (SecondsUntil(_awaited + cost) > SecondsOf(maxWait))
            {
                outcome = new ValueTask<bool>(false);
                return true;
            }

            wait = new PermitWait(cost, _refilled + (SecondsOf(maxWait) * _frequency));
            _waiting.AddLast(wait.Node);
            _awaited += cost;
            Arm();
        }

        outcome = WaitAsync(wait, cancellationToken);
        return true;
    }

    /// <summary>From now on this limit holds. Whoever waits and would no longer be served in time is told at once.</summary>
    public void SetLimit(RateLimit limit)
    {
        lock (_gate)
        {
            Refill();
            Volatile.Write(ref _limit, limit);
            _permits = Math.Min(_permits, limit.BurstCapacity);
            var ahead = 0.0;
            for (var node = _waiting.First; node is not null;)
            {
                var wait = node.Value;
                node = node.Next;
                if (wait.Cost > limit.BurstCapacity)
                {
                    Remove(wait);
                    wait.Outcome.TrySetException(AboveCapacity(wait.Cost));
                }
                else if (_refilled + (SecondsUntil(ahead + wait.Cost) * _frequency) > wait.Deadline)
                {
                    Remove(wait);
                    wait.Outcome.TrySetResult(false);
                }
                else
                {
                    ahead += wait.Cost;
                }
            }
        }

        LetGo();
    }

    /// <summary>Forgets this bucket, unless somebody waits.</summary>
    public bool TryRetire()
    {
        lock (_gate)
        {
            if (_waiting.Count > 0)
            {
                return false;
            }

            _timer.Dispose();
            return _retired = true;
        }
    }

    private async ValueTask<bool> WaitAsync(PermitWait wait, CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister((_, token) => Cancel(wait, token), null))
        {
            return await wait.Outcome.Task.ConfigureAwait(false);
        }
    }

    private void Cancel(PermitWait wait, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (wait.Node.List is not null)
            {
                Remove(wait);
                wait.Outcome.TrySetCanceled(cancellationToken);
            }
        }

        LetGo();
    }

    // Serves from the front as far as the permits go, and comes back when the next one's are there.
    private void LetGo()
    {
        lock (_gate)
        {
            Refill();
            while (_waiting.First is { Value: var wait } && TryTake(wait.Cost))
            {
                Remove(wait);
                wait.Outcome.TrySetResult(true);
            }

            Arm();
        }
    }

    private void Arm()
    {
        if (_waiting.First is not { Value: var next })
        {
            return;
        }

        const double Longest = 3600;
        const double MillisecondsPerSecond = 1000;
        var milliseconds = Math.Max(1, Math.Ceiling(Math.Min(SecondsUntil(next.Cost), Longest) * MillisecondsPerSecond));
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    private void Remove(PermitWait wait)
    {
        _waiting.Remove(wait.Node);
        _awaited = _waiting.Count == 0 ? 0 : _awaited - wait.Cost;
    }

    private bool TryTake(int cost)
    {
        if (_permits + Rounding < cost)
        {
            return false;
        }

        _permits = Math.Max(0, _permits - cost);
        return true;
    }

    private void Refill()
    {
        var now = _time.GetTimestamp();
        if (now > _refilled)
        {
            _permits = Math.Min(_limit.BurstCapacity, _permits + ((now - _refilled) / _frequency * _limit.MessagesPerSecond));
            _refilled = now;
        }
    }

    private double SecondsUntil(double permits)
    {
        var lacking = permits - _permits;
        return lacking <= Rounding ? 0 : lacking / _limit.MessagesPerSecond;
    }

    private static double SecondsOf(TimeSpan wait) => wait == Timeout.InfiniteTimeSpan ? double.PositiveInfinity : wait.TotalSeconds;

    private StreamException AboveCapacity(int cost) => new(StreamErrorKind.InvalidRequest,
        $"A message of {cost} events can never pass the rate limit of tenant '{_tenantId}', which lets {_limit.BurstCapacity} pass at once. Send smaller batches or raise {nameof(RateLimit.BurstCapacity)}.");
}
