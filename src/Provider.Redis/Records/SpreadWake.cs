using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// Tells the readers of a topic whose partitions lie apart that something was stored. The wake stream may lie on another server than the records: when that one is away,
/// sends do not wait for it, and readers are told when it is back. However many ring, one command is under way. Safe for concurrent use.
/// </summary>
internal sealed class SpreadWake(RedisConnection connection, RedisKey wake, TimeProvider time)
{
    private static readonly RedisScript Wake = RedisScript.Load("wake", "wake-append");
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private TaskCompletionSource? _next;
    private bool _isRinging;
    private volatile bool _isFailing;

    /// <summary>Returns when readers were told, or are going to be.</summary>
    public async ValueTask RingAsync(CancellationToken cancellationToken)
    {
        Task told;
        lock (_gate)
        {
            _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            told = _isFailing ? Task.CompletedTask : _next.Task;
            if (!_isRinging)
            {
                _isRinging = true;
                _ = RunAsync();
            }
        }

        await told.WaitAsync(Patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        while (true)
        {
            TaskCompletionSource? told;
            lock (_gate)
            {
                told = _next;
                _next = null;
                if (told is null)
                {
                    _isRinging = false;
                    return;
                }
            }

            while (await TryAsync().ConfigureAwait(false) is { IsTransient: true })
            {
                _isFailing = true;
                told.TrySetResult();
                await Task.Delay(Retry, time, CancellationToken.None).ConfigureAwait(false);
            }

            _isFailing = false;
            told.TrySetResult();
        }
    }

    // What does not pass tells readers themselves: the topic is gone, or the provider was disposed.
    private async ValueTask<StreamException?> TryAsync()
    {
        try
        {
            await connection.EvaluateAsync(Wake, ["", 1, wake], CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        catch (StreamException e)
        {
            return e;
        }
    }
}
