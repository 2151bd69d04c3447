using System.Diagnostics;

namespace DashStream.Bench;

/// <summary>One of the ways of doing a case's operation.</summary>
internal sealed class BenchSide
{
    private readonly Func<int, CancellationToken, ValueTask<TimeSpan>> _time;

    /// <summary>A side whose time is that of the whole call.</summary>
    /// <param name="name">What does it, such as a library and its version.</param>
    /// <param name="run">Does the operation as many times as it is told, and returns when all are done.</param>
    public BenchSide(string name, Func<int, CancellationToken, ValueTask> run)
        : this(name, async (operations, cancellationToken) =>
        {
            var started = Stopwatch.GetTimestamp();
            await run(operations, cancellationToken);
            return Stopwatch.GetElapsedTime(started);
        })
    {
    }

    /// <summary>A side that says itself how long the operations took, since its call does more than them.</summary>
    /// <param name="name">What does it, such as a library and its version.</param>
    /// <param name="time">Does the operation as many times as it is told, and returns how long that took.</param>
    public BenchSide(string name, Func<int, CancellationToken, ValueTask<TimeSpan>> time)
    {
        Name = name;
        _time = time;
    }

    public string Name { get; }

    /// <summary>Whether it runs in this process, so that what it allocates can be seen.</summary>
    public bool IsHere { get; init; } = true;

    /// <summary>Does the operations, and returns how long they took.</summary>
    public ValueTask<TimeSpan> TimeAsync(int operations, CancellationToken cancellationToken) => _time(operations, cancellationToken);
}
