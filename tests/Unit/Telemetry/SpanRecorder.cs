using System.Collections.Concurrent;
using System.Diagnostics;

namespace DashStream.Tests.Telemetry;

/// <summary>Listens to every span of the client and keeps those that ended.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public SpanRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is DashStreamTelemetry.SourceName or "test",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Of(string operation) => [.. _ended.Where(span => (string?)span.GetTagItem("messaging.operation.name") == operation)];

    /// <summary>Every text on a span: names, attributes, events, states.</summary>
    public IEnumerable<string?> Texts => _ended.SelectMany(span => span.TagObjects.Select(tag => tag.Value?.ToString())
        .Concat(span.Events.SelectMany(one => one.Tags.Select(tag => tag.Value?.ToString()))).Append(span.DisplayName).Append(span.StatusDescription));

    /// <summary>The one span of an operation; waits for it.</summary>
    public async Task<Activity> OneAsync(string operation)
    {
        await Client.ScriptedConsumer.UntilAsync(() => Of(operation).Count > 0);
        return Of(operation).Single();
    }

    public void Dispose() => _listener.Dispose();
}
