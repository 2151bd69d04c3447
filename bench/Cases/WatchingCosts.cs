using System.Diagnostics;
using System.Diagnostics.Metrics;
using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Bench.Cases;

/// <summary>What watching costs an application: a recording call of a run, and a send on Memory while nobody listens, and while somebody does.</summary>
internal sealed class WatchingCosts : IFigureCase
{
    private const int Rounds = 9;
    private const int Calls = 5_000;
    private const int Sends = 20_000;
    private const int Questions = 5_000_000;

    public string Name => "telemetry/costs";

    public string Subject => $"nanoseconds of a recording call, of a send with and without listeners, and of what a send asks when nobody listens; medians of {Rounds} rounds";

    public bool IsLong => false;

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var record = await RoundsAsync(RecordAsync);
        var send = await RoundsAsync(SendAsync);
        var asked = await RoundsAsync(() => Task.FromResult(Ask()));
        Spread watched;
        using (new Listeners())
        {
            watched = await RoundsAsync(SendAsync);
        }

        return
        [
            Of("DashStreamRun.Event", record), Of("send, nobody listens", send), Of("what a send asks then", asked),
            new Figure("its share of the send", 100 * asked.Median / send.Median, "%"),
            Of("send, spans and metrics listened to", watched), new Figure("ratio, listened to / not", watched.Median / send.Median, "x"),
        ];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Figure Of(string what, Spread time) => new($"{what} ({time.Min:0} to {time.Max:0})", time.Median, "ns");

    private static async Task<Spread> RoundsAsync(Func<Task<double>> round)
    {
        var times = new List<double>();
        for (var i = 0; i <= Rounds; i++)
        {
            times.Add(await round());
        }

        // The first was the warm-up.
        return Spread.Of(times.Skip(1).ToArray());
    }

    // The calls alone: what happens behind the queue is waited for afterwards, unmeasured.
    private static async Task<double> RecordAsync()
    {
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "runs");
        await using var runs = new DashStreamRuns(producer);
        using var run = runs.Start("thread");
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Calls; i++)
        {
            run.Event(EventType.NodeProgress, "node", ("percent", 0.5));
        }

        var took = Stopwatch.GetElapsedTime(started);
        run.Complete();
        await runs.FlushAsync(TimeSpan.FromMinutes(1));
        return took.TotalNanoseconds / Calls;
    }

    private static async Task<double> SendAsync()
    {
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        DashStreamMessage message = new TokenChunk { Header = new Header { ThreadId = "thread" }, Text = "a piece of text" };
        var sends = new Task<SendReceipt>[Sends];
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Sends; i++)
        {
            sends[i] = producer.SendAsync(message).AsTask();
        }

        await Task.WhenAll(sends);
        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / Sends;
    }

    // As a send does: whether there are spans, whether there are durations and counts, and the count of what was stored.
    private static double Ask()
    {
        using var source = new ActivitySource("bench");
        using var meter = new Meter("bench");
        var (duration, sent, stored) = (meter.CreateHistogram<double>("duration"), meter.CreateCounter<long>("sent"), meter.CreateCounter<long>("stored"));
        var isOn = false;
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Questions; i++)
        {
            isOn |= source.HasListeners() || duration.Enabled || sent.Enabled;
            stored.Add(1);
        }

        GC.KeepAlive(isOn);
        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / Questions;
    }

    /// <summary>Listens to every span and instrument of the client, and does nothing with them.</summary>
    private sealed class Listeners : IDisposable
    {
        private readonly ActivityListener _spans = new()
        {
            ShouldListenTo = static source => source.Name == DashStreamTelemetry.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };

        private readonly MeterListener _meters = new();

        public Listeners()
        {
            ActivitySource.AddActivityListener(_spans);
            _meters.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == DashStreamTelemetry.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meters.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
            _meters.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
            _meters.Start();
        }

        public void Dispose()
        {
            _spans.Dispose();
            _meters.Dispose();
        }
    }
}
