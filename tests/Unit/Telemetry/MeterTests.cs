using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using DashStream.Protocol;
using DashStream.Telemetry;
using DashStream.Tests.Codec;
using DashStream.Tests.Client;
using DashStream.Tests.DeadLetters;
using DashStream.Tests.Stores;

namespace DashStream.Tests.Telemetry;

/// <summary>Each instrument is counted at its place. Those of the shared rate limiter belong to its provider.</summary>
[TestClass]
public sealed class MeterTests
{
    private static readonly RetryPolicy Quick = new() { MaxAttempts = 3, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(2) };

    [TestMethod]
    public void Names_follow_the_rules_and_none_is_taken_twice()
    {
        using var meters = new MeterRecorder();
        RuntimeHelpers.RunClassConstructor(typeof(PipelineMeter).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(MessagingMeter).TypeHandle);
        string[] notBroughtBack = ["dashstream_batch_size", "dashstream_queue_depth", "dashstream_consumer_lag", "dashstream_message_loss_rate"];

        var fields = new[] { typeof(PipelineMeter), typeof(MessagingMeter) }
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public))
            .Select(field => field.GetValue(null)).OfType<Instrument>().ToList();
        var ours = meters.Instruments.Where(instrument => instrument.Name.StartsWith("dashstream", StringComparison.Ordinal)).ToList();

        Assert.IsTrue(meters.Instruments.All(one => one.Name.StartsWith("dashstream_", StringComparison.Ordinal) || one.Name.StartsWith("messaging.", StringComparison.Ordinal)));
        Assert.IsTrue(ours.All(one => one.GetType().Name.StartsWith("Counter", StringComparison.Ordinal) == one.Name.EndsWith("_total", StringComparison.Ordinal)));
        Assert.IsTrue(fields.All(one => one.Description!.EndsWith('.')));
        Assert.HasCount(fields.Count, fields.Select(one => one.Name).Distinct().ToList());
        Assert.IsEmpty(ours.Select(one => one.Name).Intersect(notBroughtBack).ToList());
    }

    [TestMethod]
    public async Task Sends_that_are_stored_and_sends_that_fail()
    {
        using var meters = new MeterRecorder();
        var provider = new RecordingProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");

        await producer.SendAsync(Chunk());
        await producer.SendBatchAsync([Chunk(), Chunk()]);
        provider.Decide = _ => FailLaterAsync();
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk()).AsTask());

        Assert.AreEqual((3, 1), (meters.Sum("dashstream_messages_sent_total"), meters.Sum("dashstream_send_failures_total")));
        Assert.AreEqual(4, meters.Sum("messaging.client.sent.messages"));
        Assert.HasCount(3, meters.TagsOf("messaging.client.operation.duration"));
        var failed = meters.TagsOf("messaging.client.sent.messages")[^1];
        Assert.AreEqual(("recording", "events", "send", "Fatal"),
            (failed["messaging.system"], failed["messaging.destination.name"], failed["messaging.operation.name"], failed["error.type"]));
    }

    [TestMethod]
    public async Task Attempts_of_a_send_after_its_first()
    {
        using var meters = new MeterRecorder();
        var fixture = new ProducerFixture();
        fixture.Store.OnAppend = (_, earlier, _) => earlier < 3 ? throw new StreamException(StreamErrorKind.Transient, "locked") : default;
        await using var producer = await fixture.OpenAsync();

        var send = producer.SendAsync(ProducerFixture.Record("k", "v")).AsTask();
        await fixture.Time.AdvanceUntilAsync(() => send.IsCompleted, TimeSpan.FromMilliseconds(20));

        await send;
        Assert.AreEqual(3, meters.Sum("dashstream_send_retries_total"));
    }

    [TestMethod]
    public async Task Deliveries_commits_and_what_cannot_be_read()
    {
        using var meters = new MeterRecorder();
        await using var consumer = await ScriptedConsumer.OpenAsync(new() { OnFailure = (_, _) => new(FailureAction.Skip) });
        consumer.Provider.ReadError = new StreamException(StreamErrorKind.Transient, "gone");
        consumer.Provider.CommitError = new StreamException(StreamErrorKind.Transient, "gone");
        _ = consumer.Run(_ => { });

        consumer.Put("t", "x");
        consumer.Provider.Put("t", []);
        consumer.Provider.Put("t", [0x00, 0xFF]);
        await ScriptedConsumer.UntilAsync(() => consumer.HasCommitted(2));
        await consumer.StopAsync();

        Assert.AreEqual((1, 2, 1), (meters.Sum("dashstream_messages_received_total"), meters.Sum("dashstream_decode_failures_total"), meters.Sum("dashstream_invalid_payloads_total")));
        Assert.AreEqual((1, 1), (meters.Sum("dashstream_fetch_failures_total"), meters.Sum("dashstream_offset_checkpoint_failures_total")));
        Assert.IsGreaterThanOrEqualTo(1, meters.Sum("dashstream_offset_checkpoint_writes_total"));
        Assert.AreEqual(3, meters.Sum("messaging.client.consumed.messages"));
        Assert.AreEqual("group", meters.TagsOf("messaging.client.consumed.messages")[0]["messaging.consumer.group.name"]);
        Assert.HasCount(1, meters.TagsOf("messaging.process.duration"));
        CollectionAssert.IsSubsetOf(
            new object[] { "receive", "commit" }, meters.TagsOf("messaging.client.operation.duration").Select(tags => tags["messaging.operation.name"]).Distinct().ToArray());
    }

    [TestMethod]
    public async Task Numbers_that_are_missing_come_again_or_come_late()
    {
        using var meters = new MeterRecorder();
        await using var consumer = await ScriptedConsumer.OpenAsync();
        _ = consumer.Run(_ => { });

        foreach (var number in new ulong[] { 1, 5, 5, 2 })
        {
            consumer.Put("t", "x", number);
        }

        await ScriptedConsumer.UntilAsync(() => consumer.HasCommitted(3));
        await consumer.StopAsync();
        Assert.AreEqual((1, 3), (meters.Sum("dashstream_sequence_gaps_total"), meters.Sum("dashstream_sequence_gap_size")));
        Assert.AreEqual((1, 1), (meters.Sum("dashstream_sequence_duplicates_total"), meters.Sum("dashstream_sequence_reorders_total")));
    }

    [TestMethod]
    public async Task Dead_letters_that_are_given_up()
    {
        using var meters = new MeterRecorder();
        await using var sink = new ProviderDeadLetterSink(new FailingProvider(), new DeadLetterOptions { MaxHops = 1 });

        await sink.StoreAsync(Letter() with { Record = new StreamRecord(default, new byte[] { 1 }, [new StreamHeader("ds-dlq-stage", "handler"), new StreamHeader("ds-dlq-hops", "1")], 0, new StreamPosition(0, 0)) });

        Assert.AreEqual((1, 0), (meters.Sum("dashstream_dlq_dropped_total"), meters.Sum("dashstream_dlq_sends_total")));
    }

    [TestMethod]
    public void Compressions_that_fail()
    {
        using var meters = new MeterRecorder();

        new MessageCodec(new MessageCodecOptions(), (_, _) => new CompressorFailureTests.BrokenCompressor()).Encode(TestFrames.LongEvent());

        Assert.AreEqual(1, meters.Sum("dashstream_compression_failures_total"));
    }

    [TestMethod]
    public async Task Dead_letters()
    {
        using var meters = new MeterRecorder();
        await using var provider = new FailingProvider
        {
            BeforeSend = (number, _) => number is 1 or > 2 ? Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) : Task.CompletedTask,
        };
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { Retry = Quick });

        await sink.StoreAsync(Letter());
        await Assert.ThrowsAsync<StreamException>(() => sink.StoreAsync(Letter()).AsTask());

        Assert.AreEqual(1, meters.Sum("dashstream_dlq_sends_total"));
        Assert.AreEqual(4, meters.Sum("dashstream_dlq_send_retries_total"));
        Assert.AreEqual(1, meters.Sum("dashstream_dlq_send_failures_total"));
    }

    [TestMethod]
    public async Task Checks_of_the_rate_limit()
    {
        using var meters = new MeterRecorder();
        var options = new DashStreamProducerOptions
        {
            MaxWait = TimeSpan.FromMilliseconds(1),
            RateLimiter = new TokenBucketRateLimiter(new RateLimiterOptions { Default = new RateLimit { MessagesPerSecond = 0.001, BurstCapacity = 1 } }),
        };
        await using var producer = await DashStreamProducer.OpenAsync(new RecordingProvider(), "events", options);

        await producer.SendAsync(Chunk());
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk()).AsTask());

        Assert.AreEqual((1, 1), (meters.Sum("dashstream_rate_limit_allowed_total"), meters.Sum("dashstream_rate_limit_exceeded_total")));
        Assert.AreEqual("default", meters.TagsOf("dashstream_rate_limit_allowed_total").Single()["tenant_id"]);
    }

    [TestMethod]
    public void Values_in_an_encoding_that_is_refused()
    {
        using var meters = new MeterRecorder();
        var diff = new StateDiff { Header = new() { ThreadId = "t" } };
        diff.Operations.Add(new DiffOperation { Path = "/a", Encoding = DiffOperation.Types.ValueEncoding.Msgpack });

        Assert.ThrowsExactly<DashStream.State.StatePatchException>(() => DashStream.State.StateDiffMessages.ToPatch(diff));

        Assert.AreEqual(1, meters.Sum("dashstream_unsupported_encoding_total"));
    }

    private static DashStreamMessage Chunk() => new TokenChunk { Header = new() { ThreadId = "t" }, Text = "x" };

    private static DeadLetter Letter() => new()
    {
        Stage = DeadLetterStage.Handler,
        SourceTopic = "events",
        Record = new StreamRecord("k"u8.ToArray(), new byte[] { 1 }),
        Error = new InvalidOperationException("boom"),
        Attempts = 1,
        ClientId = "group",
    };

    private static async Task<StreamPosition> FailLaterAsync()
    {
        await Task.Yield();
        throw new StreamException(StreamErrorKind.Fatal, "gone");
    }
}
