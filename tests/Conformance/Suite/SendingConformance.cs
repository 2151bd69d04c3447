using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Conformance;

/// <summary>What the client promises about sending holds over this provider: numbers without gaps and never twice, order, nothing lost without a word.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class SendingConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private static readonly MessageCodec Codec = new();

    [Case]
    [Rule("DS-92", "A refused message spends no number: what is invalid, too large, above the limit or not to be redacted leaves no gap")]
    public async Task A_refused_message_leaves_no_gap()
    {
        var topic = await CreateTopicAsync();
        var provider = new UnreliableSends(Provider);
        var limiter = new Limits();
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic, new DashStreamProducerOptions
        {
            RateLimiter = limiter,
            Redaction = new RedactionOptions { RefuseOpaqueBytes = true },
            Codec = new MessageCodecOptions { MaxMessageBytes = 64 * 1024, CompressionEnabled = false },
        });

        await producer.SendAsync(Thought.Of("a", 1));
        await RefusedAsync(producer, Thought.Of("", 0), StreamErrorKind.InvalidRequest);
        await RefusedAsync(producer, new DashStreamMessage(), StreamErrorKind.InvalidRequest);
        await RefusedAsync(producer, Long("a"), StreamErrorKind.TooLarge);
        await RefusedAsync(producer, Opaque("a"), StreamErrorKind.InvalidRequest);
        provider.FateOf = _ => SendFate.Refused;
        await RefusedAsync(producer, Thought.Of("a", 0), StreamErrorKind.TooLarge);
        provider.FateOf = _ => SendFate.Sound;
        limiter.Answer = () => new ValueTask<bool>(false);
        await RefusedAsync(producer, Thought.Of("a", 0), StreamErrorKind.Throttled);
        limiter.Answer = () => throw new StreamException(StreamErrorKind.Fatal, "The limiter is broken by the case.");
        await RefusedAsync(producer, Thought.Of("a", 0), StreamErrorKind.Transient);
        limiter.Answer = () => new ValueTask<bool>(true);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => producer.SendAsync(Thought.Of("a", 0), cancelled.Token).AsTask());
        var last = await producer.SendAsync(Thought.Of("a", 2));

        Assert.AreEqual(2ul, last.Sequence);
        Assert.AreEqual("1:1 2:2", Describe(await ReadAsync(topic, 2)));
    }

    [Case]
    [Rule("DS-93", "A number is never given again after a failed send, whether or not its message was stored")]
    public async Task A_number_is_never_given_again_after_a_failed_send()
    {
        var topic = await CreateTopicAsync();
        var provider = new UnreliableSends(Provider)
        {
            FateOf = record => NumberOf(record) switch
            {
                2 => SendFate.Lost,
                3 => SendFate.ReplyLost,
                _ => SendFate.Sound,
            },
        };
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic);

        await producer.SendAsync(Thought.Of("a", 1));
        await RefusedAsync(producer, Thought.Of("a", 2), StreamErrorKind.Transient);
        await RefusedAsync(producer, Thought.Of("a", 3), StreamErrorKind.Timeout);
        var results = await producer.SendBatchAsync([Thought.Of("a", 2), Thought.Of("a", 4)]);

        Assert.AreEqual(5ul, results[1].Receipt.Sequence);
        Assert.AreEqual(StreamErrorKind.Transient, (results[0].Error as StreamException)?.Kind);
        Assert.AreEqual("1:1 3:3 5:4", Describe(await ReadAsync(topic, 3)));
    }

    [Case]
    [Rule("DS-94", "A relay keeps number, id, time and tenant that are set, and spends none of its own numbers on them")]
    public async Task A_relay_keeps_its_numbers()
    {
        var source = await CreateTopicAsync();
        var target = await CreateTopicAsync();
        await Thought.SendAsync(Provider, source, count: 3, threads: 1, from: 1);
        await using var relay = await DashStreamProducer.OpenAsync(Provider, target, new DashStreamProducerOptions { TenantId = "relay" });
        var before = (await ReadAsync(source, 3)).Select(Decode).ToList();

        await relay.SendAsync(Thought.Of("thread-0", 100));
        foreach (var message in before.AsEnumerable().Reverse())
        {
            Assert.AreEqual(message.TokenChunk.Header.Sequence, (await relay.SendAsync(message)).Sequence);
        }

        var own = await relay.SendAsync(Thought.Of("thread-0", 200));

        var after = (await ReadAsync(target, 5)).Select(Decode).ToList();
        CollectionAssert.AreEqual(before.AsEnumerable().Reverse().ToArray(), after.Skip(1).Take(3).ToArray());
        Assert.AreEqual((2ul, "t"), (own.Sequence, after[4].TokenChunk.Header.TenantId));
    }

    [Case]
    [Rule("DS-95", "Order per key and numbers hold while senders wait for permits and for room, and nothing waits for ever")]
    [Rule("B5-89", "A rate limit lets a tenant's burst through, holds the rest back until there are permits again, and counts the events of a batch")]
    public async Task Order_holds_under_throttling()
    {
        const int count = 120;
        const int threads = 4;
        const int burst = 20;
        var topic = await CreateTopicAsync(partitions: 2);
        var limiter = new TokenBucketRateLimiter(new RateLimiterOptions { Default = new RateLimit { MessagesPerSecond = 200, BurstCapacity = burst } });
        await using var producer = await DashStreamProducer.OpenAsync(
            Provider, topic, new DashStreamProducerOptions { RateLimiter = limiter, MaxInFlightBytes = 1024 });
        var started = TimeProvider.System.GetTimestamp();

        var sends = Enumerable.Range(0, count).Select(i => producer.SendAsync(Thought.Of($"thread-{i % threads}", i)).AsTask()).ToList();
        await Waits.WithinAsync(Task.WhenAll(sends), "every send was decided");
        var took = TimeProvider.System.GetElapsedTime(started);
        var tooMany = await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, async () => await producer.SendAsync(Events("thread-0", burst + 1)));

        Assert.IsGreaterThan((count - burst - 1) / 200.0, took.TotalSeconds, "What is beyond the burst came no faster than the rate.");
        StringAssert.Contains(tooMany.Message, $"{burst + 1}");
        foreach (var thread in (await ReadAsync(topic, count)).GroupBy(Sample.KeyOf))
        {
            var numbers = thread.Select(record => Thought.NumberOf(Decode(record))).ToArray();
            CollectionAssert.AreEqual(numbers.Order().ToArray(), numbers, $"Order of {thread.Key}.");
            CollectionAssert.AreEqual(
                Enumerable.Range(1, numbers.Length).Select(i => (ulong)i).ToArray(),
                thread.Select(record => Decode(record).TokenChunk.Header.Sequence).ToArray());
        }
    }

    [Case]
    [Rule("DS-96", "Posted messages keep the order of the calls, and what of them is not stored is counted in the metric and in the receipt of the flush or the stop")]
    public async Task Dropped_posts_are_counted()
    {
        var topic = await CreateTopicAsync();
        var provider = new UnreliableSends(Provider) { FateOf = record => NumberOf(record) == 3 ? SendFate.Lost : SendFate.Sound };
        using var dropped = new Tally("dashstream_posts_dropped_total");
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic);

        Assert.IsTrue(producer.Post(Thought.Of("a", 1)));
        var second = producer.SendAsync(Thought.Of("a", 2));
        _ = producer.Post(Thought.Of("a", 3)); // Whether it is known by then that it is lost is a matter of time.
        Assert.IsFalse(producer.Post(Thought.Of("", 0)));
        Assert.IsTrue(producer.Post(Thought.Of("a", 4)));
        await second;
        var flush = await producer.FlushAsync();
        Assert.IsFalse(producer.Post(new DashStreamMessage()));
        var stop = await producer.StopAsync(Waits.Positive);
        Assert.IsFalse(producer.Post(Thought.Of("a", 5)), "The producer was stopped.");

        Assert.AreEqual((2L, 1L), (flush.Dropped, stop.Dropped));
        Assert.IsGreaterThanOrEqualTo(4L, dropped.Sum);
        Assert.AreEqual("1:1 2:2 4:4", Describe(await ReadAsync(topic, 3)));
    }

    [Case]
    [Rule("DS-97", "A send that failed is kept as a dead letter first, whole and as it was to be stored, and then its caller gets the first error")]
    [Rule("DS-98", "Where the letter cannot be stored either, the caller still gets the first error, with the second in its data")]
    public async Task A_failed_send_is_kept_and_then_told()
    {
        var topic = await CreateTopicAsync();
        var letters = new LetterBox();
        await using var producer = await DashStreamProducer.OpenAsync(
            new UnreliableSends(Provider) { FateOf = record => NumberOf(record) == 1 ? SendFate.Sound : SendFate.Lost }, topic,
            new DashStreamProducerOptions { DeadLetters = letters });

        await producer.SendAsync(Thought.Of("a", 1));
        var first = await Expect.RefusalAsync(StreamErrorKind.Transient, async () => await producer.SendAsync(Thought.Of("a", 2)));
        var letter = letters.Letters.Single();
        letters.Refuses = true;
        var second = await Expect.RefusalAsync(StreamErrorKind.Transient, async () => await producer.SendAsync(Thought.Of("a", 3)));
        var left = await producer.StopAsync(Waits.Positive);

        Assert.AreEqual((DeadLetterStage.Send, topic, 2ul), (letter.Stage, letter.SourceTopic, Decode(letter.Record).TokenChunk.Header.Sequence));
        Assert.AreSame(first, letter.Error);
        Assert.IsNull(first.Data[DashStreamProducerOptions.DeadLetterErrorKey]);
        Assert.IsInstanceOfType<StreamException>(second.Data[DashStreamProducerOptions.DeadLetterErrorKey]);
        Assert.AreEqual(0L, left.Pending);
        Assert.AreEqual("1:1", Describe(await ReadAsync(topic, 1)));
        await using var sink = new ProviderDeadLetterSink(Provider);
        await sink.StoreAsync(letter);
        var stored = (await new DeadLetterReader(Provider, $"{topic}.dlq").ReadAsync().ToListAsync()).Single();
        CollectionAssert.AreEqual(letter.Record.Value!.Value.ToArray(), stored.Document.Payload.ToArray());
        CollectionAssert.AreEqual(letter.Record.Key.ToArray(), stored.OriginalKey.ToArray());
    }

    private static Task<StreamException> RefusedAsync(DashStreamProducer producer, DashStreamMessage message, StreamErrorKind kind) =>
        Expect.RefusalAsync(kind, async () => await producer.SendAsync(message));

    private static DashStreamMessage Decode(StreamRecord record) => Codec.Decode(record.Value!.Value);

    private static int NumberOf(StreamRecord record) => Thought.NumberOf(Decode(record));

    // Number in the thread, and what the message says.
    private static string Describe(IEnumerable<StreamRecord> records) =>
        string.Join(' ', records.Select(Decode).Select(message => $"{message.TokenChunk.Header.Sequence}:{message.TokenChunk.Text}"));

    private static DashStreamMessage Long(string thread) =>
        new TokenChunk { Header = new Header { ThreadId = thread }, Text = new string('x', 100 * 1024) };

    // Neither text nor anything else that redaction could look into.
    private static DashStreamMessage Opaque(string thread) => new Checkpoint
    {
        Header = new Header { ThreadId = thread },
        State = ByteString.CopyFrom(0xff, 0xfe, 0x00, 0x80),
    };

    private static DashStreamMessage Events(string thread, int count)
    {
        var batch = new EventBatch { Header = new Header { ThreadId = thread, TenantId = "t" } };
        batch.Events.AddRange(Enumerable.Range(0, count).Select(i => new Event { NodeId = $"{i}" }));
        return batch;
    }

    private sealed class Limits : IRateLimiter
    {
        public Func<ValueTask<bool>> Answer { get; set; } = () => new ValueTask<bool>(true);

        public ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default) => Answer();
    }
}
