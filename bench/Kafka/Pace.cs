using System.Diagnostics;

namespace DashStream.Bench.Kafka;

/// <summary>Calls something at an even pace on a thread of its own, and keeps when each call was made.</summary>
internal sealed class Pace(int perSecond, int count)
{
    private readonly long[] _sent = new long[count];
    private readonly double[] _milliseconds = new double[count];
    private readonly TaskCompletionSource _allArrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrived;

    /// <summary>Sends all, waits until all have arrived, and returns their latencies in milliseconds, ascending.</summary>
    public async Task<double[]> RunAsync(Action<int> send, CancellationToken cancellationToken)
    {
        await Task.Factory.StartNew(() => SendAll(send), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await _allArrived.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        Array.Sort(_milliseconds);
        return _milliseconds;
    }

    public void Arrived(int index)
    {
        _milliseconds[index] = Stopwatch.GetElapsedTime(_sent[index]).TotalMilliseconds;
        if (Interlocked.Increment(ref _arrived) == count)
        {
            _allArrived.TrySetResult();
        }
    }

    // A late call does not make the later ones early: each has its own time.
    private void SendAll(Action<int> send)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var left = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(started);
            if (left > TimeSpan.Zero)
            {
                Thread.Sleep(left);
            }

            _sent[i] = Stopwatch.GetTimestamp();
            send(i);
        }
    }
}
