namespace DashStream.Providers;

/// <summary>Waiting until a query says that something changed: woken by this provider's own writes at once, by other processes' through the watcher.</summary>
internal sealed class SqliteWaiter(SqliteReaders readers, SqliteWatcher watcher, SqliteSignals signals, TimeProvider time)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    public void SignalTopic(string topic) => signals.Pulse(topic);

    public void SignalGroup(string topic, string group) => signals.Pulse(GroupKey(topic, group));

    public ValueTask WaitForTopicAsync(string topic, Func<SqliteSession, bool> hasChanged, TimeSpan atMost, CancellationToken cancellationToken) =>
        WaitAsync(topic, hasChanged, atMost, cancellationToken);

    public ValueTask WaitForGroupAsync(string topic, string group, Func<SqliteSession, bool> hasChanged, TimeSpan atMost,
        CancellationToken cancellationToken) => WaitAsync(GroupKey(topic, group), hasChanged, atMost, cancellationToken);

    /// <summary>Names hold no slash, so this is no topic's key.</summary>
    private static string GroupKey(string topic, string group) => $"{topic}/{group}";

    private async ValueTask WaitAsync(string key, Func<SqliteSession, bool> hasChanged, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await readers.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
        watcher.Start();
        while (true)
        {
            var signal = signals.Next(key);
            var left = atMost - time.GetElapsedTime(started);
            if (await readers.RunAsync(hasChanged, cancellationToken).ConfigureAwait(false) || left <= TimeSpan.Zero)
            {
                return;
            }

            // Running out of time is the usual end here, and nothing to throw for.
            var wait = left < LongestWait ? left : LongestWait;
            await signal.WaitAsync(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
