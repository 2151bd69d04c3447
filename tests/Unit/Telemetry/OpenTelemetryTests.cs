using System.Collections.Concurrent;
using System.Diagnostics;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.Tests.Client;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class OpenTelemetryTests
{
    [TestMethod]
    public async Task One_call_brings_the_spans_to_the_exporter()
    {
        var exporter = new KeptSpans();
        using var tracing = Sdk.CreateTracerProviderBuilder().AddDashStreamInstrumentation().AddProcessor(new SimpleActivityExportProcessor(exporter)).Build();

        await SendAndHandleAsync();

        tracing.ForceFlush();
        CollectionAssert.IsSubsetOf(new[] { "send events", "receive events", "process events" }, exporter.Names.Distinct().ToArray());
    }

    [TestMethod]
    public async Task One_call_brings_the_metrics_to_the_exporter()
    {
        var exporter = new KeptMetrics();
        using var metrics = Sdk.CreateMeterProviderBuilder().AddDashStreamInstrumentation().AddReader(new BaseExportingMetricReader(exporter)).Build();

        await SendAndHandleAsync();

        metrics.ForceFlush();
        CollectionAssert.IsSubsetOf(
            new[]
            {
                "dashstream_messages_sent_total", "dashstream_messages_received_total", "messaging.client.operation.duration",
                "messaging.client.sent.messages", "messaging.client.consumed.messages", "messaging.process.duration",
            },
            exporter.Names.Distinct().ToArray());
    }

    [TestMethod]
    public void Sources_and_meters_of_providers_come_with_it()
    {
        var exporter = new KeptSpans();
        using var source = new ActivitySource("DashStream.Some");
        using var other = new ActivitySource("DashStreamOther");
        using var tracing = Sdk.CreateTracerProviderBuilder().AddDashStreamInstrumentation().AddProcessor(new SimpleActivityExportProcessor(exporter)).Build();

        source.StartActivity("ours")?.Dispose();
        other.StartActivity("not ours")?.Dispose();

        CollectionAssert.AreEqual(new[] { "ours" }, exporter.Names.ToArray());
    }

    private static async Task SendAndHandleAsync()
    {
        await using var provider = new MemoryProvider();
        await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
        await using var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group");
        var handled = new TaskCompletionSource();
        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "x" });
        var run = consumer.RunAsync((_, _) =>
        {
            handled.TrySetResult();
            return ValueTask.CompletedTask;
        });
        await handled.Task.WaitAsync(ScriptedConsumer.Patience);
        await consumer.StopAsync(ScriptedConsumer.Patience);
        await run;
    }

    private sealed class KeptSpans : BaseExporter<Activity>
    {
        public ConcurrentQueue<string> Names { get; } = new();

        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
            {
                Names.Enqueue(span.DisplayName);
            }

            return ExportResult.Success;
        }
    }

    private sealed class KeptMetrics : BaseExporter<Metric>
    {
        public ConcurrentQueue<string> Names { get; } = new();

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
            {
                Names.Enqueue(metric.Name);
            }

            return ExportResult.Success;
        }
    }
}
