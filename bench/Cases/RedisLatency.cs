using DashStream.Bench.Kafka;
using DashStream.Bench.Redis;
using DashStream.Providers;
using StackExchange.Redis;

namespace DashStream.Bench.Cases;

/// <summary>From send to read at a modest rate, ours and the plain client in turn.</summary>
internal sealed class RedisLatency : IFigureCase
{
    private const int PerSecond = 500;
    private const int Records = 2_500;
    private const int Rounds = 5;
    private const int WarmUps = 1;

    private static readonly double[] Shares = [0.5, 0.99];

    private BenchRedis? _redis;

    public string Name => "redis/latency";

    public string Subject => $"milliseconds from send to read at {PerSecond}/s, appendonly yes, {Rounds} rounds in turn with StackExchange.Redis (XADD, XREAD BLOCK)";

    public bool IsLong => false;

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        _redis = await BenchRedis.StartAsync(cancellationToken);
        List<double[]> ours = [];
        List<double[]> plain = [];
        for (var round = 0; round < WarmUps + Rounds; round++)
        {
            ours.Add(await OursAsync(cancellationToken));
            plain.Add(await PlainAsync(cancellationToken));
        }

        return [.. Figures("provider", ours[WarmUps..]), .. Figures("StackExchange.Redis", plain[WarmUps..])];
    }

    public async ValueTask DisposeAsync() => await (_redis?.DisposeAsync() ?? default);

    private static IEnumerable<Figure> Figures(string who, List<double[]> rounds) =>
        from share in Shares
        let spread = Spread.Of(rounds.Select(round => round[(int)(share * (round.Length - 1))]))
        select new Figure($"{who}, p{share * 100:0}, median of {rounds.Count} rounds ({spread.Min:0.00} to {spread.Max:0.00})", spread.Median, "ms");

    private async Task<double[]> OursAsync(CancellationToken cancellationToken)
    {
        var topic = $"latency-{Guid.NewGuid():N}";
        await using var provider = _redis!.Provider();
        await provider.Admin.CreateTopicAsync(new TopicSpec(topic), cancellationToken);
        await using var producer = await provider.OpenProducerAsync(topic, cancellationToken);
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Start = SeekTarget.End }, cancellationToken);
        var pace = new Pace(PerSecond, Records);
        var reading = ReadAsync();
        var latencies = await pace.RunAsync(
            index =>
            {
                var sent = producer.SendAsync(new StreamRecord(BitConverter.GetBytes(index % 100), Value(index)), cancellationToken);
                GC.KeepAlive(sent);
            },
            cancellationToken);
        await reading;
        await provider.Admin.DeleteTopicAsync(topic, cancellationToken);
        return latencies;

        async Task ReadAsync()
        {
            for (var read = 0; read < Records;)
            {
                foreach (var record in (await consumer.ReadAsync(TimeSpan.FromSeconds(1), cancellationToken)).Records)
                {
                    pace.Arrived(BitConverter.ToInt32(record.Value!.Value.Span));
                    read++;
                }
            }
        }
    }

    private async Task<double[]> PlainAsync(CancellationToken cancellationToken)
    {
        RedisKey stream = $"plain-{Guid.NewGuid():N}";
        using var writing = await _redis!.ConnectAsync(cancellationToken);
        using var blocking = await _redis.ConnectAsync(cancellationToken);
        var pace = new Pace(PerSecond, Records);
        var reading = ReadAsync(blocking.GetDatabase());
        var database = writing.GetDatabase();
        var latencies = await pace.RunAsync(
            index => GC.KeepAlive(database.ExecuteAsync("XADD", stream, "*", "t", 1_700_000_000_000_000, "k", BitConverter.GetBytes(index % 100), "v", Value(index))),
            cancellationToken);
        await reading;
        await database.KeyDeleteAsync(stream);
        return latencies;

        async Task ReadAsync(IDatabase blocked)
        {
            var last = "0";
            for (var read = 0; read < Records;)
            {
                var reply = await blocked.ExecuteAsync("XREAD", "COUNT", 500, "BLOCK", 1000, "STREAMS", stream, last);
                if (reply.IsNull)
                {
                    continue;
                }

                foreach (var entry in (RedisResult[])((RedisResult[])((RedisResult[])reply!)[0]!)[1]!)
                {
                    var parts = (RedisResult[])entry!;
                    pace.Arrived(BitConverter.ToInt32((byte[])((RedisResult[])parts[1]!)[^1]!));
                    last = (string)parts[0]!;
                    read++;
                }
            }
        }
    }

    private static byte[] Value(int index)
    {
        var value = new byte[RunMessages.ValueBytes];
        BitConverter.TryWriteBytes(value, index);
        return value;
    }
}
