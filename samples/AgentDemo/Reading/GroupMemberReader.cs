using DashStream;

namespace AgentDemo.Reading;

/// <summary>One member of the group: a consumer, and what came through it.</summary>
internal sealed class GroupMemberReader(string name, DashStreamConsumer consumer) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private long _handled;
    private Task _running = Task.CompletedTask;

    public string Name => name;

    public long Handled => Volatile.Read(ref _handled);

    /// <summary>The partitions that it owned when reading began.</summary>
    public IReadOnlyList<int> Partitions { get; private set; } = [];

    public bool HasPartitions => consumer.Assignment.Count > 0;

    public Task Running => _running;

    public void Start(ThreadBook book)
    {
        Partitions = consumer.Assignment;
        _running = consumer.RunAsync(
            (message, _) =>
            {
                book.Add(message);
                Interlocked.Increment(ref _handled);
                return ValueTask.CompletedTask;
            },
            _stop.Token);
    }

    /// <summary>Stops in an orderly way: what was handled is committed.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await consumer.DisposeAsync();
        _stop.Dispose();
    }
}
