using System.Diagnostics;
using System.Text;

namespace DashStream.Crash;

/// <summary>What the program can do. Every line is written the moment it is true.</summary>
internal static class Verbs
{
    private const int InFlight = 64;
    private const int Keys = 8;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortSession = TimeSpan.FromMilliseconds(500);

    public static async Task AppendAsync(IStreamProvider provider, string topic, int count, string label)
    {
        await using var producer = await provider.OpenProducerAsync(topic);
        var sends = new Queue<(string Value, Task<StreamPosition> Send)>();
        for (var i = 0; count == 0 || i < count; i++)
        {
            var value = $"{label}:{i}";
            var key = Encoding.UTF8.GetBytes($"{label}/{i % Keys}");
            sends.Enqueue((value, producer.SendAsync(new StreamRecord(key, Encoding.UTF8.GetBytes(value))).AsTask()));
            if (sends.Count == InFlight)
            {
                await PrintAsync(sends.Dequeue());
            }
        }

        while (sends.TryDequeue(out var send))
        {
            await PrintAsync(send);
        }
    }

    public static async Task ConsumeAsync(IStreamProvider provider, string topic, string group, int count)
    {
        // A short session, so that tests need not wait long for the takeover from a killed member.
        var options = new StreamConsumerOptions { Group = group, SessionTimeout = Session, HeartbeatInterval = Session / 5, MaxBatchRecords = 50 };
        await using var consumer = await provider.OpenConsumerAsync(topic, options);
        for (var read = 0; count == 0 || read < count;)
        {
            var batch = await consumer.ReadAsync(Wait);
            foreach (var record in batch.Records)
            {
                read++;
                await Console.Out.WriteLineAsync($"read {record.Position} {Encoding.UTF8.GetString((record.Value ?? default).Span)}");
            }

            foreach (var last in batch.Records.GroupBy(record => record.Position!.Value.Partition).Select(records => records.Last().Position!.Value))
            {
                await CommitAsync(consumer, last);
            }
        }

        await consumer.StopAsync(Wait);
    }

    /// <summary>The whole client: handlers in parallel across threads, commits beside them. Ends only when it is killed.</summary>
    public static async Task HandleAsync(IStreamProvider provider, string topic, string group)
    {
        var options = new DashStreamConsumerOptions
        {
            Stream = new StreamConsumerOptions { SessionTimeout = ShortSession, HeartbeatInterval = ShortSession / 5, MaxBatchRecords = 50 },
            MaxConcurrency = Keys,
            CommitInterval = TimeSpan.FromMilliseconds(5),
            RevokeTimeout = ShortSession / 5,
        };
        await using var consumer = await JoinAsync(provider, topic, group, options);
        await consumer.RunAsync(async (message, token) =>
        {
            await Console.Out.WriteLineAsync($"start {message.Position}");
            await Task.Delay(Random.Shared.Next(0, 5), token);
            await Console.Out.WriteLineAsync($"done {message.Position}");
        });
    }

    /// <summary>Handles one message with somebody listening to spans, and says which one it was handled in.</summary>
    public static async Task TraceAsync(IStreamProvider provider, string topic, string group)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == DashStreamTelemetry.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, topic, group);
        using var handled = new CancellationTokenSource();
        await consumer.RunAsync(
            async (_, _) =>
            {
                var span = Activity.Current!;
                await Console.Out.WriteLineAsync($"trace {span.TraceId} {span.SpanId} {span.ParentSpanId}");
                await handled.CancelAsync();
            },
            handled.Token);
    }

    // The session is short, and with it the time that a busy machine has to answer.
    private static async Task<DashStreamConsumer> JoinAsync(IStreamProvider provider, string topic, string group, DashStreamConsumerOptions options)
    {
        while (true)
        {
            try
            {
                return await DashStreamConsumer.OpenAsync(provider, topic, group, options);
            }
            catch (StreamException e) when (e.IsTransient || e.Kind == StreamErrorKind.Timeout)
            {
                await Task.Delay(ShortSession / 5);
            }
        }
    }

    private static async Task CommitAsync(IStreamConsumer consumer, StreamPosition position)
    {
        try
        {
            await consumer.CommitAsync([position]);
            await Console.Out.WriteLineAsync($"done {position}");
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Fenced)
        {
            await Console.Out.WriteLineAsync($"fenced {position}");
        }
    }

    private static async Task PrintAsync((string Value, Task<StreamPosition> Send) one) =>
        await Console.Out.WriteLineAsync($"stored {await one.Send} {one.Value}");
}
