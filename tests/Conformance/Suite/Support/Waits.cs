namespace DashStream.Conformance;

/// <summary>How long a case waits: long for what must happen, since it ends as soon as it does; short for what must not.</summary>
internal static class Waits
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>For what must happen.</summary>
    public static TimeSpan Positive { get; } = TimeSpan.FromSeconds(20 * Load.Stress);

    /// <summary>For what must not happen.</summary>
    public static TimeSpan Negative { get; } = TimeSpan.FromMilliseconds(150);

    /// <summary>Returns when the condition holds; fails with <paramref name="what"/> when it does not in time.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Returns when the condition holds; fails with <paramref name="what"/> when it does not in time.</summary>
    public static Task UntilAsync(Func<Task<bool>> condition, string what) => UntilAsync(condition, () => what);

    /// <summary>Returns when the condition holds; fails with what <paramref name="what"/> says then when it does not in time.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Positive)
            {
                Assert.Fail($"Waited {Positive.TotalSeconds:0} s in vain: {what()}.");
            }

            await Task.Delay(Poll);
        }
    }

    /// <summary>Awaits a call that must end; fails with <paramref name="what"/> when it does not in time.</summary>
    public static async Task<T> WithinAsync<T>(Task<T> task, string what)
    {
        await EndsAsync(task, what);
        return await task;
    }

    /// <summary>For disposal, in which providers wait for what hangs.</summary>
    public static TimeSpan Disposal { get; } = 3 * Positive;

    /// <summary>Disposes what a case opened; fails when that does not end in time.</summary>
    public static async Task DisposeAsync(IAsyncDisposable resource, TimeSpan limit)
    {
        // On another thread, since it may block in its call.
        var disposal = Task.Run(() => resource.DisposeAsync().AsTask());
        if (await Task.WhenAny(disposal, Task.Delay(limit)) != disposal)
        {
            Assert.Fail($"Waited {limit.TotalSeconds:0.###} s in vain: the {resource.GetType().Name} was disposed.");
        }

        await disposal;
    }

    /// <summary>Waits until a call has ended, however it ended.</summary>
    public static async Task EndsAsync(Task task, string what)
    {
        if (await Task.WhenAny(task, Task.Delay(Positive)) != task)
        {
            Assert.Fail($"Waited {Positive.TotalSeconds:0} s in vain: {what}.");
        }
    }
}
