using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>Waits for what must become true.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Long, since a wait ends as soon as its condition holds, and a broker starts slowly on a busy machine.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Returns when the condition holds; fails with <paramref name="what"/> when it does not in time. A broker that cannot answer just then counts as not yet.
    /// </summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken = default)
    {
        var started = TimeProvider.System.GetTimestamp();
        KafkaException? last = null;
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            try
            {
                last = null;
                if (await condition())
                {
                    return;
                }
            }
            catch (KafkaException e)
            {
                last = e;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        throw new TimeoutException($"Waited {Patience.TotalSeconds:0} s in vain: {what}. {last?.Error}", last);
    }

    /// <summary>Returns when the condition holds; fails with <paramref name="what"/> when it does not in time.</summary>
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);
}
