namespace DashStream.Providers;

/// <summary>
/// Those of this process who asked for permits of one tenant, in order. One call to the server is under way at a time and takes along all who asked meanwhile, so that no
/// tenant fills the connection; who was promised permits for later waits here. Thread-safe.
/// </summary>
internal sealed class TenantLine
{
    private const int MostAtOnce = 256;

    private readonly Lock _gate = new();
    private readonly Queue<PermitCheck> _asked = new();
    private readonly LinkedList<PermitCheck> _waiting = new();
    private readonly RedisRateLimiter _limiter;
    private readonly LimiterServer _server;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _returned;
    private bool _isAsking;
    private bool _isRetired;

    public TenantLine(string tenantId, RedisRateLimiter limiter, LimiterServer server, TimeProvider time)
    {
        (TenantId, _limiter, _server, _time) = (tenantId, limiter, server, time);
        _timer = time.CreateTimer(static line => ((TenantLine)line!).LetGo(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string TenantId { get; }

    /// <summary>Gets in line. False when the line has ended: take another.</summary>
    public bool TryJoin(PermitCheck check)
    {
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _asked.Enqueue(check);
            if (_isAsking)
            {
                return true;
            }

            _isAsking = true;
        }

        _ = AskAsync();
        return true;
    }

    /// <summary>Gives up a check. What was promised to it goes back.</summary>
    public void Cancel(PermitCheck check, CancellationToken cancellationToken)
    {
        if (!check.Outcome.TrySetCanceled(cancellationToken))
        {
            return;
        }

        lock (_gate)
        {
            if (check.Node.List is null)
            {
                // Not asked yet, or the answer is under way: both look whether it is decided.
                return;
            }

            _waiting.Remove(check.Node);
            _returned += check.Cost;
            if (_isAsking)
            {
                return;
            }

            _isAsking = true;
        }

        _ = AskAsync();
    }

    private async Task AskAsync()
    {
        while (NextBatch() is var (returned, checks))
        {
            try
            {
                var answer = await _server.TakeAsync(TenantId, _limiter.OwnLimitOf(TenantId), returned, checks).ConfigureAwait(false);
                Serve(checks, answer);
            }
            catch (Exception e)
            {
                // Whatever it is: those who asked must hear of it, and those behind them have their turn.
                Fail(checks, e as StreamException ?? new StreamException(StreamErrorKind.Fatal, $"The shared rate limiter failed unexpectedly: {e.Message}", e));
            }
        }
    }

    private (long Returned, List<PermitCheck> Checks)? NextBatch()
    {
        lock (_gate)
        {
            var checks = new List<PermitCheck>(Math.Min(_asked.Count, MostAtOnce));
            while (checks.Count < MostAtOnce && _asked.TryDequeue(out var check))
            {
                if (!check.IsDecided)
                {
                    checks.Add(check);
                }
            }

            var returned = _returned;
            _returned = 0;
            if (checks.Count > 0 || returned > 0)
            {
                return (returned, checks);
            }

            _isAsking = false;
            RetireIfIdle();
            return null;
        }
    }

    private void Serve(List<PermitCheck> checks, LimiterAnswer answer)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            for (var i = 0; i < checks.Count; i++)
            {
                Serve(checks[i], answer.Waits[i], answer.Burst, now);
            }
        }

        LetGo();
    }

    private void Serve(PermitCheck check, long wait, long burst, long now)
    {
        switch (wait)
        {
            case LimiterScripts.AboveBurst:
                check.Outcome.TrySetException(RedisRateLimiter.AboveBurst(TenantId, check.Cost, burst));
                return;
            case LimiterScripts.TooLate:
                check.Outcome.TrySetResult(false);
                return;
            case 0 when _waiting.Count == 0:
                if (!check.Outcome.TrySetResult(true))
                {
                    _returned += check.Cost;
                }

                return;
        }

        const double MicrosecondsPerSecond = 1e6;
        check.Due = Math.Max(now + (long)Math.Ceiling(wait / MicrosecondsPerSecond * _time.TimestampFrequency), _waiting.Last?.Value.Due ?? 0);
        if (check.Due > check.Deadline)
        {
            // The way to the server and back took what was left.
            check.Outcome.TrySetResult(false);
        }

        if (check.IsDecided)
        {
            _returned += check.Cost;
        }
        else
        {
            _waiting.AddLast(check.Node);
        }
    }

    // Whoever asked meanwhile would meet the same.
    private void Fail(List<PermitCheck> checks, StreamException error)
    {
        lock (_gate)
        {
            foreach (var check in checks)
            {
                check.Outcome.TrySetException(error);
            }

            while (error.IsTransient && _asked.TryDequeue(out var check))
            {
                check.Outcome.TrySetException(error);
            }
        }
    }

    // Serves those whose permits are there, and comes back for the next.
    private void LetGo()
    {
        lock (_gate)
        {
            if (_isRetired)
            {
                return;
            }

            var now = _time.GetTimestamp();
            while (_waiting.First is { Value: var check } && check.Due <= now)
            {
                _waiting.Remove(check.Node);
                if (!check.Outcome.TrySetResult(true))
                {
                    _returned += check.Cost;
                }
            }

            if (_waiting.First is { Value: var next })
            {
                const double MillisecondsPerSecond = 1000;
                const double Longest = 3_600_000;
                var milliseconds = Math.Clamp(Math.Ceiling((next.Due - now) * MillisecondsPerSecond / _time.TimestampFrequency), 1, Longest);
                _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
            }
            else
            {
                RetireIfIdle();
            }
        }
    }

    private void RetireIfIdle()
    {
        if (!_isAsking && !_isRetired && _waiting.Count == 0 && _asked.Count == 0)
        {
            _isRetired = true;
            _timer.Dispose();
            _limiter.Forget(this);
        }
    }
}
