using System.Diagnostics;
using DashStream.Protocol;
using DashStream.Tests.Client;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class SendSpanTests
{
    private readonly RecordingProvider _provider = new();

    [TestMethod]
    public async Task A_send_is_a_span_whose_context_the_record_carries()
    {
        using var spans = new SpanRecorder();
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        await producer.SendAsync(Chunk());

        var span = await spans.OneAsync("send");
        Assert.AreEqual("send events", span.DisplayName);
        Assert.AreEqual(ActivityKind.Producer, span.Kind);
        Assert.AreEqual("recording", span.GetTagItem("messaging.system"));
        Assert.AreEqual("events", span.GetTagItem("messaging.destination.name"));
        Assert.AreEqual("0", span.GetTagItem("messaging.destination.partition.id"));
        Assert.AreEqual(MessageId(), span.GetTagItem("messaging.message.id"));
        Assert.AreEqual(span.Id, Header("traceparent"));
    }

    [TestMethod]
    public async Task A_failed_send_says_what_kind_of_failure_and_not_its_text()
    {
        using var spans = new SpanRecorder();
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.TooLarge, "secret"));
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk()).AsTask());

        var span = await spans.OneAsync("send");
        Assert.AreEqual((ActivityStatusCode.Error, "TooLarge"), (span.Status, span.GetTagItem("error.type")));
        Assert.IsNull(span.StatusDescription);
        Assert.IsEmpty(span.Events);
    }

    [TestMethod]
    public async Task A_batch_is_one_send_with_links_to_the_creation_of_each_message()
    {
        using var spans = new SpanRecorder();
        using var source = new ActivitySource("test");
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        using var request = source.StartActivity("request")!;
        await producer.SendBatchAsync([Chunk(), Chunk(), Chunk()]);

        var send = spans.Of("send").Single();
        var created = spans.Of("create");
        Assert.HasCount(3, created);
        Assert.AreEqual((ActivityKind.Client, 3), (send.Kind, send.GetTagItem("messaging.batch.message_count")));
        CollectionAssert.AreEquivalent(created.Select(span => span.Context).ToArray(), send.Links.Select(link => link.Context).ToArray());
        CollectionAssert.AreEqual(created.Select(span => span.Id).ToArray(), Enumerable.Range(0, 3).Select(i => Header("traceparent", i)).ToArray());
        Assert.IsTrue(created.Append(send).All(span => span.ParentSpanId == request.SpanId));
        Assert.AreSame(request, Activity.Current);
    }

    [TestMethod]
    public async Task Without_a_listener_the_current_span_travels_with_its_state_and_baggage()
    {
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).AddBaggage("tier", "gold").Start();
        request.TraceStateString = "vendor=1";
        await producer.SendAsync(Chunk());

        Assert.AreEqual(request.Id, Header("traceparent"));
        Assert.AreEqual("vendor=1", Header("tracestate"));
        StringAssert.Contains(Header("baggage")!, "gold");
    }

    [TestMethod]
    public async Task A_send_that_waits_for_room_carries_the_span_of_its_caller()
    {
        var first = new TaskCompletionSource<StreamPosition>();
        _provider.Decide = _ => _provider.Records.Count == 0 ? first.Task : null;
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events", new DashStreamProducerOptions { MaxInFlightBytes = 1024 });
        var large = producer.SendAsync(Chunk(new string('x', 2000)));

        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        var waiting = producer.SendAsync(Chunk());
        request.Stop();
        first.SetResult(new StreamPosition(0, 0));
        await large;
        await waiting;

        Assert.IsNull(Header("traceparent", 0));
        Assert.AreEqual(request.Id, Header("traceparent", 1));
    }

    [TestMethod]
    public async Task A_post_is_a_send_of_the_span_it_was_called_in()
    {
        using var spans = new SpanRecorder();
        using var source = new ActivitySource("test");
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        using var request = source.StartActivity("request")!;
        Assert.IsTrue(producer.Post(Chunk()));
        await producer.FlushAsync();

        var send = await spans.OneAsync("send");
        Assert.AreEqual((request.SpanId, send.Id), (send.ParentSpanId, Header("traceparent")));
    }

    [TestMethod]
    public async Task Without_a_span_records_of_a_thread_share_their_headers()
    {
        await using var producer = await DashStreamProducer.OpenAsync(_provider, "events");

        await producer.SendAsync(Chunk());
        await producer.SendAsync(Chunk());

        Assert.AreSame(_provider.Records[0].Headers, _provider.Records[1].Headers);
        Assert.IsNull(Header("traceparent"));
    }

    private static DashStreamMessage Chunk(string text = "x") => new TokenChunk { Header = new() { ThreadId = "t" }, Text = text };

    private string? Header(string name, int record = 0) => _provider.Records[record].Headers.TryGet(name, out var header) ? header.Text : null;

    private string MessageId() =>
        new Guid(new MessageCodec().Decode(_provider.Records[0].Value!.Value).TokenChunk.Header.MessageId.Span, bigEndian: true).ToString();
}
