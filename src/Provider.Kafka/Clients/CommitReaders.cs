using System.Collections.Concurrent;
using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// Makes the clients that ask for commits of groups. When a broker answers that it is not the coordinator of the group any more, librdkafka 2.15.1 tells the
/// client's own group so without looking whether there is one, and takes the process down. So these clients have one, like those that read; they never join it.
/// Safe for concurrent use.
/// </summary>
/// <param name="make">Makes a client that could read.</param>
internal sealed class CommitReaders(Func<IConsumer<Ignore, Ignore>> make)
{
    private readonly ConcurrentDictionary<IAdminClient, Reader> _open = new();

    /// <summary>A client to ask. It belongs to the caller, who gives it to <see cref="Close"/>.</summary>
    public IAdminClient Make()
    {
        var client = make();
        var admin = new DependentAdminClientBuilder(client.Handle).Build();
        _open[admin] = new Reader(client);
        return admin;
    }

    /// <summary>Closes one; blocks a moment.</summary>
    public void Close(IAdminClient admin)
    {
        admin.Dispose();
        if (_open.TryRemove(admin, out var reader))
        {
            reader.Dispose();
        }
    }

    // Errors and requests for a token come to who polls: a client that sends does that by itself, one that reads leaves it to its reader.
    private sealed class Reader : IDisposable
    {
        private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

        private readonly IConsumer<Ignore, Ignore> _client;
        private readonly Thread _thread;
        private readonly ManualResetEventSlim _over = new();

        public Reader(IConsumer<Ignore, Ignore> client)
        {
            _client = client;
            _thread = new Thread(Run) { IsBackground = true, Name = "dashstream-kafka commits" };
            _thread.Start();
        }

        public void Dispose()
        {
            _over.Set();
            _thread.Join();
            _client.Dispose();
            _over.Dispose();
        }

        private void Run()
        {
            while (!_over.IsSet)
            {
                try
                {
                    _client.Consume(Poll);
                }
                catch (Exception)
                {
                    // Nothing may escape on a thread of ours. It is about the client's own group, which wants nothing but to know its coordinator, or comes from a
                    // logger: who asks for commits hears by himself what is wrong.
                    _over.Wait(Poll);
                }
            }
        }
    }
}
