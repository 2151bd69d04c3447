using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// The administration client, made at first use, and a new one in its place when it gets no answer: librdkafka goes on asking the coordinator that it remembers
/// of a group, dead or not, until a connection to any broker comes or goes, and a request that a broker cannot answer holds up all that follow it on that
/// connection. Who asks holds the client meanwhile, so one that was replaced is closed, aside, behind its last answer. Safe for concurrent use.
/// </summary>
/// <param name="make">Makes a client.</param>
/// <param name="close">Closes one; may block.</param>
/// <param name="time">The clock.</param>
internal sealed class AdminClients(Func<IAdminClient> make, Action<IAdminClient> close, TimeProvider time) : IAsyncDisposable
{
    // What bounds the clients, a few threads each, however many callers complain.
    private const int MostClosing = 8;

    // A new client connects first, which takes its time on a busy machine: replaced sooner it would never come to answer.
    private static readonly TimeSpan LeastAge = TimeSpan.FromSeconds(5);

    // A broker that hangs may keep a request that long which nobody waits for any more; its client then closes later, by itself.
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Entry? _current;
    private int _closing;
    private bool _disposed;

    /// <summary>The present client, which stays open until the result is disposed; null when there will be no other.</summary>
    public Use? Take()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return null;
            }

            _current ??= new Entry(make(), time.GetTimestamp());
            _current.Users++;
            return new Use(this, _current);
        }
    }

    /// <summary>
    /// The next caller gets another client than that one, unless it is new itself or too many old ones are not closed yet.
    /// </summary>
    /// <param name="client">The one that gave no answer.</param>
    /// <param name="isSpoilt">Whether it must go even so: a new one as soon as it is no longer new.</param>
    public void Replace(IAdminClient client, bool isSpoilt = false)
    {
        lock (_gate)
        {
            if (_current is not { } entry || entry.Client != client || _closing >= MostClosing)
            {
                return;
            }

            var age = time.GetElapsedTime(entry.MadeAt);
            if (age >= LeastAge)
            {
                Retire(entry);
                return;
            }

            if (isSpoilt && !entry.IsToGo)
            {
                entry.IsToGo = true;
                _ = ReplaceLaterAsync(client, LeastAge - age);
            }
        }
    }

    /// <summary>Closes the client as soon as nobody uses it. Returns when it is closed, or soon after.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            if (_current is { } entry)
            {
                Retire(entry);
            }

            if (_closing == 0)
            {
                _closed.TrySetResult();
            }
        }

        await _closed.Task.WaitAsync(CloseLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReplaceLaterAsync(IAdminClient client, TimeSpan wait)
    {
        await Task.Delay(wait, time).ConfigureAwait(false);
        Replace(client);
    }

    private void Retire(Entry entry)
    {
        _current = null;
        _closing++;
        entry.IsRetired = true;
        if (entry.Users == 0)
        {
            Close(entry);
        }
    }

    private void GiveBack(Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Users == 0 && entry.IsRetired)
            {
                Close(entry);
            }
        }
    }

    // Never on a thread of the client itself, for which closing waits.
    private void Close(Entry entry) => _ = Task.Run(() =>
    {
        try
        {
            close(entry.Client);
        }
        finally
        {
            Closed();
        }
    });

    private void Closed()
    {
        lock (_gate)
        {
            if (--_closing == 0 && _disposed)
            {
                _closed.TrySetResult();
            }
        }
    }

    /// <summary>A client that is being asked something.</summary>
    public sealed class Use : IDisposable
    {
        private readonly AdminClients _clients;
        private Entry? _entry;

        internal Use(AdminClients clients, Entry entry)
        {
            (_clients, _entry) = (clients, entry);
            Client = entry.Client;
        }

        public IAdminClient Client { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _entry, null) is { } entry)
            {
                _clients.GiveBack(entry);
            }
        }
    }

    internal sealed class Entry(IAdminClient client, long madeAt)
    {
        public IAdminClient Client { get; } = client;

        public long MadeAt { get; } = madeAt;

        public int Users { get; set; }

        public bool IsToGo { get; set; }

        public bool IsRetired { get; set; }
    }
}
