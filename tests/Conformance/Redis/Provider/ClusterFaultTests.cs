using System.Diagnostics;
using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>One of three nodes is away while records flow over all of them: what the others hold goes on, and what it holds fails by its kind and goes on when it is back.</summary>
[TestClass]
public sealed class ClusterFaultTests
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(4);

    // Shorter than a command may take: nobody waited for the node that is away.
    private static readonly TimeSpan NoDelay = TimeSpan.FromSeconds(2);

    [TestMethod]
    [DataRow(NodeFault.Kill, true)]
    [DataRow(NodeFault.Suspend, true)]
    [DataRow(NodeFault.Kill, false)]
    [DataRow(NodeFault.Suspend, false)]
    public async Task What_lives_on_other_nodes_goes_on(NodeFault fault, bool spread)
    {
        await using var cluster = await RedisCluster.StartAsync(new RedisNodeOptions { Settings = ["cluster-require-full-coverage no"] });
        var options = new RedisProviderOptions { SpreadPartitions = spread, SendTimeout = SendTimeout };
        options.Connection.Endpoints = cluster.Endpoints;
        options.Connection.CommandTimeout = TimeSpan.FromSeconds(3);
        await using var provider = new RedisProvider(options);
        var places = spread ? await SpreadAsync(cluster, provider) : await ApartAsync(cluster, provider);
        var victim = places[^1].Holder;
        using var stop = new CancellationTokenSource();
        using var end = new CancellationTokenSource();
        var consumers = await Task.WhenAll(places.Select(static place => place.Topic).Distinct().Select(topic =>
            provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g", Start = SeekTarget.Beginning }).AsTask()));
        var reading = Task.WhenAll(consumers.Select(consumer => HandleAsync(consumer, places, end.Token)));
        var sending = Task.WhenAll(places.Select(place => SendAsync(place, stop.Token)));
        await AllGoOnAsync(places);

        var broken = Stopwatch.GetTimestamp();
        await victim.BreakAsync(fault);
        await Task.Delay(Away);
        await victim.MendAsync(fault);
        var mended = Stopwatch.GetTimestamp();
        await AllGoOnAsync(places);
        await stop.CancelAsync();
        await sending;
        await Eventually.TrueAsync(() => Task.FromResult(places.All(static place => place.IsWhole)), "everything that was stored to be handled");
        await end.CancelAsync();
        await reading;

        foreach (var place in places)
        {
            Console.WriteLine(place.Describe(broken, mended));
            place.AssertOrder();
            if (place.Holder == victim)
            {
                place.AssertFailedInTime();
            }
            else
            {
                place.AssertWentOn(broken, mended);
            }
        }

        foreach (var consumer in consumers)
        {
            await consumer.DisposeAsync();
        }
    }

    /// <summary>One topic over all nodes; the last partition lies elsewhere than what the topic and its groups are kept by.</summary>
    private static async Task<List<Place>> SpreadAsync(RedisCluster cluster, RedisProvider provider)
    {
        const int partitions = 6;
        for (var number = 0; ; number++)
        {
            var topic = string.Create(CultureInfo.InvariantCulture, $"spread-{number}");
            var holders = new List<RedisNode>();
            for (var partition = 0; partition < partitions; partition++)
            {
                holders.Add(await cluster.HolderAsync($"{{{topic}#{partition}}}"));
            }

            if (holders[^1] != await cluster.HolderAsync($"{{{topic}}}") && holders.Distinct().Count() == 3)
            {
                await provider.Admin.CreateTopicAsync(new TopicSpec(topic, partitions));
                var producer = await provider.OpenProducerAsync(topic);
                return [.. holders.Select((holder, partition) => new Place(topic, partition, holder, producer))];
            }
        }
    }

    /// <summary>Topics that lie in one slot each.</summary>
    private static async Task<List<Place>> ApartAsync(RedisCluster cluster, RedisProvider provider)
    {
        var places = new List<Place>();
        for (var number = 0; places.Count < 6 || places.Select(static place => place.Holder).Distinct().Count() < 3; number++)
        {
            var topic = string.Create(CultureInfo.InvariantCulture, $"apart-{number}");
            await provider.Admin.CreateTopicAsync(new TopicSpec(topic));
            places.Add(new Place(topic, 0, await cluster.HolderAsync($"{{{topic}}}"), await provider.OpenProducerAsync(topic)));
        }

        return places;
    }

    private static async Task AllGoOnAsync(List<Place> places)
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var place in places)
        {
            await Eventually.TrueAsync(() => Task.FromResult(place.HasStoredSince(now)), $"partition {place.Partition} of '{place.Topic}' to take records and give them");
        }
    }

    private static async Task SendAsync(Place place, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var started = Stopwatch.GetTimestamp();
            StreamException? error = null;
            try
            {
                await place.Producer.SendAsync(new StreamRecord("key"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes($"{number}")) { TargetPartition = place.Partition }, CancellationToken.None);
            }
            catch (StreamException e)
            {
                error = e;
            }

            place.NoteSent(number, started, error);
            await Task.Delay(TimeSpan.FromMilliseconds(5), CancellationToken.None);
        }
    }

    private static async Task HandleAsync(IStreamConsumer consumer, List<Place> places, CancellationToken end)
    {
        var byPartition = places.Where(place => place.Topic == consumer.Topic).ToDictionary(static place => place.Partition);
        while (!end.IsCancellationRequested)
        {
            try
            {
                var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(200), CancellationToken.None);
                foreach (var record in batch.Records)
                {
                    byPartition[record.Position!.Value.Partition].NoteHandled(ProviderUnderTest.NumberOf(record));
                }

                if (batch.Records.Count > 0)
                {
                    await consumer.CommitAsync(LoadAccount.LastOf(batch.Records.Select(static record => record.Position!.Value)), CancellationToken.None);
                }
            }
            catch (StreamException e) when (e.IsTransient || e.Kind is StreamErrorKind.Fenced or StreamErrorKind.Timeout)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            }
        }
    }

    /// <summary>A partition, and what became of the records that were sent to it, one after the other.</summary>
    private sealed class Place(string topic, int partition, RedisNode holder, IStreamProducer producer)
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<int, long> _stored = [];
        private readonly Dictionary<int, long> _handled = [];
        private readonly List<int> _order = [];
        private readonly List<(long Started, long Ended, StreamException? Error)> _sends = [];

        public string Topic => topic;

        public int Partition => partition;

        public RedisNode Holder => holder;

        public IStreamProducer Producer => producer;

        public bool IsWhole
        {
            get
            {
                lock (_gate)
                {
                    return _stored.Keys.All(_handled.ContainsKey);
                }
            }
        }

        public void NoteSent(int number, long started, StreamException? error)
        {
            lock (_gate)
            {
                var now = Stopwatch.GetTimestamp();
                _sends.Add((started, now, error));
                if (error is null)
                {
                    _stored[number] = now;
                }
            }
        }

        public void NoteHandled(int number)
        {
            lock (_gate)
            {
                if (_handled.TryAdd(number, Stopwatch.GetTimestamp()))
                {
                    _order.Add(number);
                }
            }
        }

        public bool HasStoredSince(long time)
        {
            lock (_gate)
            {
                return _stored.Any(one => one.Value > time && _handled.ContainsKey(one.Key));
            }
        }

        public void AssertOrder() => CollectionAssert.AreEqual(_order.Order().ToArray(), _order, $"'{topic}', partition {partition}");

        public void AssertFailedInTime()
        {
            var failed = _sends.Where(static send => send.Error is not null).ToArray();
            Assert.IsNotEmpty(failed, "The node was away for longer than a send may take.");
            Assert.IsTrue(Array.TrueForAll(failed, static send => send.Error!.Kind == StreamErrorKind.Timeout), failed[0].Error!.ToString());
            Assert.IsTrue(_sends.TrueForAll(static send => Stopwatch.GetElapsedTime(send.Started, send.Ended) < SendTimeout + NoDelay), "Decided in time.");
        }

        public void AssertWentOn(long broken, long mended)
        {
            Assert.IsTrue(_sends.TrueForAll(static send => send.Error is null), _sends.FirstOrDefault(static send => send.Error is not null).Error?.ToString() ?? "");
            Assert.IsLessThan(NoDelay, SlowestSend(broken, mended), $"'{topic}', partition {partition}: sent without delay.");
            Assert.IsLessThan(NoDelay, SlowestRead(broken, mended), $"'{topic}', partition {partition}: read without delay.");
        }

        public string Describe(long broken, long mended) => string.Create(CultureInfo.InvariantCulture,
            $"{topic}/{partition} on {holder.PlainPort}: {_stored.Count} stored, {_sends.Count - _stored.Count} failed, {_handled.Count} handled; while the node was away the slowest send took {SlowestSend(broken, mended).TotalMilliseconds:0} ms, the slowest read {SlowestRead(broken, mended).TotalMilliseconds:0} ms");

        private TimeSpan SlowestSend(long from, long to) => Slowest(_sends.Where(send => send.Ended > from && send.Started < to).Select(static send => (send.Started, send.Ended)));

        private TimeSpan SlowestRead(long from, long to) => Slowest(_stored.Where(one => one.Value > from && one.Value < to).Select(one => (one.Value, _handled[one.Key])));

        private static TimeSpan Slowest(IEnumerable<(long From, long To)> spans) =>
            spans.Select(static span => Stopwatch.GetElapsedTime(span.From, span.To)).DefaultIfEmpty().Max();
    }
}
