using System.Diagnostics;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.Tests.Client;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class DeliverySpanTests
{
    private const string Sender = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [TestMethod]
    public async Task A_message_sent_here_and_handled_there_is_one_trace()
    {
        using var spans = new SpanRecorder();
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group");
        Activity? current = null;

        await producer.SendAsync(Chunk("x"));
        var run = consumer.RunAsync((_, _) =>
        {
            current = Activity.Current;
            return ValueTask.CompletedTask;
        });

        var send = await spans.OneAsync("send");
        var process = await spans.OneAsync("process");
        var receive = await spans.OneAsync("receive");
        await consumer.StopAsync(ScriptedConsumer.Patience);
        await run;
        Assert.AreEqual((send.TraceId, send.SpanId), (process.TraceId, process.ParentSpanId));
        Assert.AreEqual(process, current);
        Assert.AreEqual(send.GetTagItem("messaging.message.id"), process.GetTagItem("messaging.message.id"));
        Assert.AreEqual(send.Context.SpanId, receive.Links.Single().Context.SpanId);
        Assert.AreNotEqual(send.TraceId, receive.TraceId);
    }

    [TestMethod]
    public async Task Process_spans_follow_the_conventions()
    {
        using var spans = new SpanRecorder();
        await using var consumer = await ScriptedConsumer.OpenAsync();
        consumer.Put("t", "x", headers: [new StreamHeader("traceparent", Sender), new StreamHeader("baggage", "tier=gold")]);

        var baggage = "";
        _ = consumer.Run((_, _) =>
        {
            baggage = Activity.Current?.GetBaggageItem("tier");
            return ValueTask.CompletedTask;
        });

        var span = await spans.OneAsync("process");
        Assert.AreEqual(("process events", ActivityKind.Consumer), (span.DisplayName, span.Kind));
        Assert.AreEqual("scripted", span.GetTagItem("messaging.system"));
        Assert.AreEqual("process", span.GetTagItem("messaging.operation.type"));
        Assert.AreEqual("group", span.GetTagItem("messaging.consumer.group.name"));
        Assert.AreEqual(("0", "0"), (span.GetTagItem("messaging.destination.partition.id"), span.GetTagItem("dashstream.message.offset")));
        Assert.AreEqual(Sender, span.ParentId);
        Assert.AreEqual("gold", baggage);
        await consumer.StopAsync();
    }

    [TestMethod]
    public async Task In_the_pull_style_a_process_span_ends_when_the_message_is_done()
    {
        using var spans = new SpanRecorder();
        using var meters = new MeterRecorder();
        using var ambient = new Activity("caller").Start();
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group", new() { DuplicateWindow = 10 });
        await producer.SendAsync(Chunk("a"));
        await producer.SendAsync(Chunk("left undone"));

        var read = new List<ReceivedMessage>();
        await foreach (var message in consumer.ReadAllAsync())
        {
            read.Add(message);
            Assert.AreSame(ambient, Activity.Current, "What the reader is at stays what it is at.");
            if (read.Count == 2)
            {
                break;
            }
        }

        Assert.IsEmpty(spans.Of("process"));
        read[0].Done();
        read[0].Done();

        var send = spans.Of("send")[0];
        var process = spans.Of("process").Single();
        Assert.AreSame(process, read[0].Span);
        Assert.AreSame(ambient, Activity.Current);
        Assert.AreEqual((send.TraceId, send.SpanId), (process.TraceId, process.ParentSpanId));
        Assert.AreEqual(send.GetTagItem("messaging.message.id"), process.GetTagItem("messaging.message.id"));
        Assert.AreEqual(1, meters.Instruments.Count(instrument => instrument.Name == "messaging.process.duration"));
        Assert.HasCount(1, meters.TagsOf("messaging.process.duration"));
    }

    [TestMethod]
    public async Task Without_listeners_a_pulled_message_has_no_span()
    {
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group");
        await producer.SendAsync(Chunk("a"));

        await foreach (var message in consumer.ReadAllAsync())
        {
            Assert.IsNull(message.Span);
            message.Done();
            break;
        }
    }

    [TestMethod]
    public async Task A_message_without_context_begins_a_trace_of_its_own()
    {
        using var spans = new SpanRecorder();
        await using var consumer = await ScriptedConsumer.OpenAsync();
        using var startUp = new Activity("start-up").SetIdFormat(ActivityIdFormat.W3C).Start();
        _ = consumer.Run(_ => { });

        consumer.Put("t", "x");

        var process = await spans.OneAsync("process");
        var receive = await spans.OneAsync("receive");
        Assert.AreEqual((default, default), (process.ParentSpanId, receive.ParentSpanId));
        Assert.AreNotEqual(startUp.TraceId, process.TraceId);
        await consumer.StopAsync();
    }

    [TestMethod]
    public async Task Each_attempt_is_a_span_and_a_failed_one_says_so()
    {
        using var spans = new SpanRecorder();
        await using var consumer = await ScriptedConsumer.OpenAsync(new() { Retry = new() { BaseDelay = TimeSpan.FromMilliseconds(1) } });
        var attempts = 0;
        _ = consumer.Run(_ =>
        {
            if (++attempts == 1)
            {
                throw new InvalidOperationException("secret");
            }
        });

        consumer.Put("t", "x");

        await ScriptedConsumer.UntilAsync(() => spans.Of("process").Count == 2);
        var failed = spans.Of("process")[0];
        Assert.AreEqual((ActivityStatusCode.Error, "System.InvalidOperationException"), (failed.Status, failed.GetTagItem("error.type")));
        Assert.AreEqual((ActivityStatusCode.Unset, 2), (spans.Of("process")[1].Status, spans.Of("process")[1].GetTagItem("dashstream.delivery.attempt")));
        await consumer.StopAsync();
    }

    [TestMethod]
    public async Task Neither_spans_nor_metrics_tell_what_messages_headers_or_errors_say()
    {
        const string canary = "canary-7f3a";
        using var spans = new SpanRecorder();
        using var meters = new MeterRecorder();
        var provider = new RecordingProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        await producer.SendAsync(Chunk(canary));
        provider.Decide = _ => Task.FromException<StreamPosition>(new InvalidOperationException(canary));
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk(canary)).AsTask());
        await using var consumer = await ScriptedConsumer.OpenAsync(new() { OnFailure = (_, _) => new(FailureAction.Skip) });
        consumer.Provider.ReadError = new StreamException(StreamErrorKind.Transient, canary);
        _ = consumer.Run(_ => throw new InvalidOperationException(canary));

        consumer.Put(canary, canary, headers: [new StreamHeader("secret", canary), new StreamHeader("baggage", $"secret={canary}")]);

        await ScriptedConsumer.UntilAsync(() => consumer.HasCommitted(0));
        await consumer.StopAsync();
        Assert.HasCount(2, spans.Of("send"));
        Assert.HasCount(1, spans.Of("process"));
        Assert.IsEmpty(spans.Texts.Concat(meters.Labels).Where(text => text?.Contains(canary, StringComparison.Ordinal) == true).ToList());
    }

    [TestMethod]
    public async Task A_failed_read_is_a_span_and_an_empty_one_is_none()
    {
        using var spans = new SpanRecorder();
        await using var consumer = await ScriptedConsumer.OpenAsync();
        consumer.Provider.ReadError = new StreamException(StreamErrorKind.Transient, "gone");
        _ = consumer.Run(_ => { });

        var span = await spans.OneAsync("receive");

        Assert.AreEqual("Transient", span.GetTagItem("error.type"));
        await consumer.StopAsync();
    }

    [TestMethod]
    public async Task Who_pulls_messages_finds_the_context_on_them()
    {
        await using var consumer = await ScriptedConsumer.OpenAsync();
        consumer.Put("t", "x", headers: [new StreamHeader("traceparent", Sender)]);

        await foreach (var message in consumer.Consumer.ReadAllAsync())
        {
            Assert.AreEqual("b7ad6b7169203331", message.TraceContext.SpanId.ToString());
            message.Done();
            break;
        }
    }

    [TestMethod]
    public void Kafka_offsets_have_the_name_that_the_conventions_give_them()
    {
        using var span = new Activity("x").Start();

        DashStream.Telemetry.StreamSpans.Place(span, "kafka", new StreamPosition(3, 17));

        Assert.AreEqual(17L, span.GetTagItem("messaging.kafka.offset"));
    }

    private static DashStreamMessage Chunk(string text) => new TokenChunk { Header = new() { ThreadId = "t" }, Text = text };
}
