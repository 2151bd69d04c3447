using System.Diagnostics;
using DashStream.Telemetry;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class TraceHeadersTests
{
    private const string Known = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [TestMethod]
    public void What_is_written_is_read()
    {
        using var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C).Start();
        span.TraceStateString = "a=1,b=2";

        var read = TraceHeaders.Read(TraceHeaders.Add(StreamHeaders.Empty, span));

        Assert.AreEqual((span.TraceId, span.SpanId, "a=1,b=2", true), (read.TraceId, read.SpanId, read.TraceState, read.IsRemote));
    }

    [TestMethod]
    public void A_context_that_is_there_already_is_kept()
    {
        using var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C).Start();
        StreamHeaders relayed = [new StreamHeader("traceparent", Known)];

        Assert.AreSame(relayed, TraceHeaders.Add(relayed, span));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("nonsense")]
    [DataRow("00-00000000000000000000000000000000-0000000000000000-01")]
    [DataRow("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    public void A_context_that_cannot_be_read_is_none(string value)
    {
        Assert.AreEqual(default, TraceHeaders.Read([new StreamHeader("traceparent", value)]));
        Assert.AreEqual(default, TraceHeaders.Read([new StreamHeader("traceparent", new byte[] { 0xFF, 0x00 })]));
    }

    [TestMethod]
    public void What_tracing_says_that_is_no_header_is_left_out()
    {
        using var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C).Start();
        span.TraceStateString = "a=\uD800";

        var headers = TraceHeaders.Add(StreamHeaders.Empty, span);

        Assert.IsTrue(headers.TryGet("traceparent", out _));
        Assert.IsFalse(headers.TryGet("tracestate", out _));
    }

    [TestMethod]
    public void Without_a_span_nothing_is_allocated()
    {
        StreamHeaders lane = [new StreamHeader("ds-producer", "p")];
        Assert.AreSame(lane, TraceHeaders.Add(lane, null));
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            _ = TraceHeaders.Add(lane, null);
            _ = SendTelemetry.IsOn;
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
