using System.Threading.Channels;
using DashStream.Protocol;
using DashStream.Providers;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>A thousand threads on four partitions, whose handlers take a millisecond each: how much of the waiting is done side by side.</summary>
internal sealed class MemorySlowHandlers : IBenchCase
{
    private const int Keys = 1_000;
    private const int Partitions = 4;
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(1);

    private readonly MemoryProvider _provider = new(new MemoryProviderOptions { WhenFull = MemoryFullPolicy.DropOldest, MaxBytes = 256 * 1024 * 1024 });
    private readonly TokenChunk[] _messages = [.. Enumerable.Range(0, Keys).Select(Message)];
    private DashStreamProducer _producer = null!;
    private DashStreamConsumer _consumer = null!;
    private Task _run = Task.CompletedTask;
    private TaskCompletionSource _done = new();
    private long _handled;
    private long _target = long.MaxValue;

    public string Name => "memory/handlers-of-1-ms";

    public string Operation => $"one token chunk from send to the end of a handler that takes 1 ms, {Keys} keys, {Partitions} partitions, in order per key";

    public BenchSide Ours => new($"DashStreamConsumer, MaxConcurrency {Keys}", RunOursAsync);

    public BenchSide Yardstick => new("Channel<byte[]> into Parallel.ForEachAsync, in no order", RunParallelAsync);

    public int? OperationsPerRound => 50_000;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        await _provider.Admin.CreateTopicAsync(new TopicSpec("bench", Partitions), cancellationToken);
        _producer = await DashStreamProducer.OpenAsync(_provider, "bench", cancellationToken: cancellationToken);
        _consumer = await DashStreamConsumer.OpenAsync(
            _provider, "bench", "bench", new DashStreamConsumerOptions { MaxConcurrency = Keys }, cancellationToken: cancellationToken);
        _run = _consumer.RunAsync(HandleAsync, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _consumer.DisposeAsync();
        await _run;
        await _producer.DisposeAsync();
        await _provider.DisposeAsync();
    }

    private async ValueTask RunOursAsync(int operations, CancellationToken cancellationToken)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _target, Interlocked.Read(ref _handled) + operations);
        for (var i = 0; i < operations; i++)
        {
            var send = _producer.SendAsync(_messages[i % Keys], cancellationToken);
            if (i == operations - 1)
            {
                await send;
            }
        }

        await _done.Task.WaitAsync(cancellationToken);
    }

    private async ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        await Task.Delay(Work, cancellationToken);
        if (Interlocked.Increment(ref _handled) == Interlocked.Read(ref _target))
        {
            _done.TrySetResult();
        }
    }

    private async ValueTask RunParallelAsync(int operations, CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(20_000) { SingleWriter = true });
        var handling = Parallel.ForEachAsync(
            channel.Reader.ReadAllAsync(cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = Keys, CancellationToken = cancellationToken },
            async (bytes, token) =>
            {
                GC.KeepAlive(DashStreamMessage.Parser.ParseFrom(bytes));
                await Task.Delay(Work, token);
            });
        for (var i = 0; i < operations; i++)
        {
            DashStreamMessage message = _messages[i % Keys];
            await channel.Writer.WriteAsync(message.ToByteArray(), cancellationToken);
        }

        channel.Writer.Complete();
        await handling;
    }

    private static TokenChunk Message(int key)
    {
        var message = SampleMessages.TokenChunk().TokenChunk.Clone();
        message.Header.ThreadId = $"thread-{key}";
        message.Header.Sequence = 0;
        return message;
    }
}
