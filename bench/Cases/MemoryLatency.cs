using System.Diagnostics;
using System.Threading.Channels;
using DashStream.Protocol;
using DashStream.Providers;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>One message at a time: how long from the send until a handler has it, beside encoded bytes through a channel.</summary>
internal sealed class MemoryLatency : IFigureCase
{
    private const int Messages = 5_000;
    private const int Rounds = 5;
    private const int WarmUps = 2;

    private static readonly double[] Shares = [0.5, 0.99];

    private readonly TokenChunk _message = Message();

    public string Name => "memory/latency";

    public string Subject => $"microseconds from send to handler, one message at a time, {Rounds} rounds of {Messages} in turn with Channel<byte[]>";

    public bool IsLong => false;

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        List<double[]> ours = [];
        List<double[]> channel = [];
        for (var round = 0; round < WarmUps + Rounds; round++)
        {
            ours.Add(await OursAsync(cancellationToken));
            channel.Add(await ChannelAsync(cancellationToken));
        }

        return [.. Figures("ours", ours[WarmUps..]), .. Figures("Channel<byte[]>", channel[WarmUps..])];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<Figure> Figures(string who, List<double[]> rounds) =>
        from share in Shares
        let spread = Spread.Of(rounds.Select(round => round[(int)(share * (round.Length - 1))]))
        select new Figure($"{who}, p{share * 100:0}, median of {rounds.Count} rounds ({spread.Min:0} to {spread.Max:0})", spread.Median, "us");

    private async Task<double[]> OursAsync(CancellationToken cancellationToken)
    {
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "bench", cancellationToken: cancellationToken);
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, "bench", "bench", cancellationToken: cancellationToken);
        var arrival = new Arrival();
        var run = consumer.RunAsync(
            (_, _) =>
            {
                arrival.Tell();
                return ValueTask.CompletedTask;
            },
            cancellationToken);
        var latencies = await arrival.MeasureAsync(Messages, async () => await producer.SendAsync(_message, cancellationToken));
        await consumer.StopAsync(TimeSpan.FromSeconds(5), cancellationToken);
        await run;
        return latencies;
    }

    private async Task<double[]> ChannelAsync(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var arrival = new Arrival();
        var reading = Task.Run(
            async () =>
            {
                await foreach (var bytes in channel.Reader.ReadAllAsync(cancellationToken))
                {
                    GC.KeepAlive(DashStreamMessage.Parser.ParseFrom(bytes));
                    arrival.Tell();
                }
            },
            cancellationToken);
        DashStreamMessage message = _message;
        var latencies = await arrival.MeasureAsync(Messages, () => channel.Writer.WriteAsync(message.ToByteArray(), cancellationToken));
        channel.Writer.Complete();
        await reading;
        return latencies;
    }

    private static TokenChunk Message()
    {
        var message = SampleMessages.TokenChunk().TokenChunk.Clone();
        message.Header.Sequence = 0;
        return message;
    }

    /// <summary>Takes the time of one message after the other.</summary>
    private sealed class Arrival
    {
        private const double MicrosecondsPerSecond = 1e6;

        private TaskCompletionSource<long> _next = New();

        public void Tell() => _next.TrySetResult(Stopwatch.GetTimestamp());

        /// <summary>Microseconds from each send to its arrival, sorted. The next is sent when the one before has arrived.</summary>
        public async Task<double[]> MeasureAsync(int messages, Func<ValueTask> send)
        {
            var latencies = new double[messages];
            for (var i = 0; i < messages; i++)
            {
                _next = New();
                var began = Stopwatch.GetTimestamp();
                await send();
                latencies[i] = (await _next.Task - began) * MicrosecondsPerSecond / Stopwatch.Frequency;
            }

            Array.Sort(latencies);
            return latencies;
        }

        private static TaskCompletionSource<long> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
