using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using DashStream.Protocol;
using DashStream.Providers;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>What the whole client costs: numbered, encoded, stored in memory, read by a group, decoded, handled, committed.</summary>
internal sealed class MemorySendAndHandle : MemorySendAndHandleCase
{
    public MemorySendAndHandle()
        : base(keys: 1)
    {
    }
}

/// <summary>The same over eight threads, whose messages are handled in parallel.</summary>
internal sealed class MemorySendAndHandle8 : MemorySendAndHandleCase
{
    public MemorySendAndHandle8()
        : base(keys: 8)
    {
    }
}

/// <summary>What spans and instruments cost: nobody listens on our side, and somebody to all of them on the other.</summary>
internal sealed class MemorySendAndHandleWatched : MemorySendAndHandleCase
{
    public MemorySendAndHandleWatched()
        : base(keys: 1)
    {
    }

    public override string Name => "memory/send-and-handle-watched";

    public override BenchSide Yardstick => new("the same with listeners to every span and instrument", RunWatchedAsync);

    private async ValueTask RunWatchedAsync(int operations, CancellationToken cancellationToken)
    {
        using var spans = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == DashStreamTelemetry.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(spans);
        using var instruments = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == DashStreamTelemetry.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        instruments.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        instruments.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        instruments.Start();
        await RunOursAsync(operations, cancellationToken);
    }
}

/// <summary>Sends a round of messages without awaiting each, and waits until the handler has seen them all.</summary>
internal abstract class MemorySendAndHandleCase(int keys) : IBenchCase
{
    private const int ChannelCapacity = 100_000;

    private readonly TokenChunk[] _stamped = [.. Enumerable.Range(0, keys).Select(Message)];
    private readonly TokenChunk[] _messages = [.. Enumerable.Range(0, keys).Select(Message).Select(WithoutStamp)];
    private readonly MemoryProvider _provider = new(new MemoryProviderOptions { WhenFull = MemoryFullPolicy.DropOldest, MaxBytes = 256 * 1024 * 1024 });
    private DashStreamProducer _producer = null!;
    private DashStreamConsumer _consumer = null!;
    private Task _run = Task.CompletedTask;
    private TaskCompletionSource _done = new();
    private long _handled;
    private long _target = long.MaxValue;

    public virtual string Name => $"memory/send-and-handle-{keys}";

    public string Operation => $"one token chunk from send to handler, {keys} key{(keys == 1 ? "" : "s")}";

    public BenchSide Ours => new("DashStreamProducer to DashStreamConsumer", RunOursAsync);

    public virtual BenchSide Yardstick => new("protobuf bytes through Channel<byte[]>", RunChannelAsync);

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        _producer = await DashStreamProducer.OpenAsync(_provider, "bench", cancellationToken: cancellationToken);
        _consumer = await DashStreamConsumer.OpenAsync(_provider, "bench", "bench", cancellationToken: cancellationToken);
        _run = _consumer.RunAsync(Handle, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _consumer.DisposeAsync();
        await _run;
        await _producer.DisposeAsync();
        await _provider.DisposeAsync();
    }

    protected async ValueTask RunOursAsync(int operations, CancellationToken cancellationToken)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _target, Interlocked.Read(ref _handled) + operations);
        for (var i = 0; i < operations; i++)
        {
            var send = _producer.SendAsync(_messages[i % _messages.Length], cancellationToken);
            if (i == operations - 1)
            {
                await send;
            }
        }

        await _done.Task.WaitAsync(cancellationToken);
    }

    private ValueTask Handle(ReceivedMessage message, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _handled) == Interlocked.Read(ref _target))
        {
            _done.TrySetResult();
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask RunChannelAsync(int operations, CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(ChannelCapacity) { SingleReader = true, SingleWriter = true });
        var reading = Task.Run(
            async () =>
            {
                for (var i = 0; i < operations; i++)
                {
                    GC.KeepAlive(DashStreamMessage.Parser.ParseFrom(await channel.Reader.ReadAsync(cancellationToken)));
                }
            },
            cancellationToken);
        for (var i = 0; i < operations; i++)
        {
            DashStreamMessage message = _stamped[i % _stamped.Length];
            await channel.Writer.WriteAsync(message.ToByteArray(), cancellationToken);
        }

        await reading;
    }

    private static TokenChunk Message(int key)
    {
        var message = SampleMessages.TokenChunk().TokenChunk.Clone();
        message.Header.ThreadId = $"thread-{key}";
        return message;
    }

    // As applications send: the producer fills in the rest.
    private static TokenChunk WithoutStamp(TokenChunk message)
    {
        var header = new Header { ThreadId = message.Header.ThreadId };
        message.Header = header;
        return message;
    }
}
