using System.Diagnostics;

namespace DashStream.Telemetry;

/// <summary>
/// Watches one consumer: spans <c>receive</c> (a read that brought something) and <c>process</c> (an attempt of a handler), durations and counts. Costs next to
/// nothing while nobody listens. Thread-safe.
/// </summary>
internal sealed class DeliveryTelemetry(string system, string topic, string? group, TimeProvider time)
{
    private const string Receive = "receive";
    private const string Process = "process";
    private const string Commit = "commit";
    private const string Settle = "settle";

    private readonly TagList _receiveTags = StreamSpans.TagsOf(system, topic, Receive, Receive, group);
    private readonly TagList _processTags = StreamSpans.TagsOf(system, topic, Process, Process, group);
    private readonly TagList _commitTags = StreamSpans.TagsOf(system, topic, Commit, Settle, group);
    private readonly string _receiveName = $"{Receive} {topic}";
    private readonly string _processName = $"{Process} {topic}";

    public string Topic => topic;

    private static bool WatchesHandlers => StreamSpans.Source.HasListeners() || MessagingMeter.ProcessDuration.Enabled;

    /// <summary>The handler with a span and a duration around each call while somebody listens. The span goes on the sender's trace.</summary>
    public Func<ReceivedMessage, CancellationToken, ValueTask> Watch(Func<ReceivedMessage, CancellationToken, ValueTask> handler) =>
        (message, cancellationToken) => WatchesHandlers ? ProcessAsync(message, handler, StartSpan, cancellationToken) : handler(message, cancellationToken);

    /// <summary>The same for batches: one span with a link to each message's.</summary>
    public Func<IReadOnlyList<ReceivedMessage>, CancellationToken, ValueTask> Watch(
        Func<IReadOnlyList<ReceivedMessage>, CancellationToken, ValueTask> handler) =>
        (messages, cancellationToken) => WatchesHandlers ? ProcessAsync(messages, handler, StartSpan, cancellationToken) : handler(messages, cancellationToken);

    /// <summary>
    /// The pull style: a span and a duration from now until the message is done or given up, while somebody listens. The span is current for nobody: its reader has it
    /// from the message.
    /// </summary>
    public void Present(ReceivedMessage message)
    {
        if (!WatchesHandlers)
        {
            return;
        }

        var current = Activity.Current;
        Activity.Current = null;
        message.Watch = new ProcessWatch(StartSpan(message), _processTags, time);
        Activity.Current = current;
    }

    /// <summary>When a read or a commit began.</summary>
    public long Start() => time.GetTimestamp();

    /// <summary>A read brought records, if any.</summary>
    public void Received(IReadOnlyList<StreamRecord> records, long started)
    {
        if (records.Count == 0)
        {
            return;
        }

        MessagingMeter.ConsumedMessages.Add(records.Count, _receiveTags);
        MessagingMeter.OperationDuration.Record(time.GetElapsedTime(started).TotalSeconds, _receiveTags);
        TellRead(records, started, error: null);
    }

    /// <summary>A read failed.</summary>
    public void ReadFailed(Exception error, long started)
    {
        PipelineMeter.FetchFailures.Add(1);
        MessagingMeter.OperationDuration.Record(time.GetElapsedTime(started).TotalSeconds, _receiveTags.With(error));
        TellRead([], started, error);
    }

    /// <summary>A commit was decided.</summary>
    public void Committed(int partitions, long started, Exception? error)
    {
        (error is null ? PipelineMeter.CheckpointWrites : PipelineMeter.CheckpointFailures).Add(partitions);
        if (MessagingMeter.OperationDuration.Enabled)
        {
            MessagingMeter.OperationDuration.Record(time.GetElapsedTime(started).TotalSeconds, _commitTags.With(error));
        }
    }

    private async ValueTask ProcessAsync<T>(T delivered, Func<T, CancellationToken, ValueTask> handler, Func<T, Activity?> startSpan, CancellationToken cancellationToken)
    {
        // Whatever happens to be current where the consumer was started has nothing to do with what is handled now.
        Activity.Current = null;
        using var span = startSpan(delivered);
        var started = time.GetTimestamp();
        Exception? error = null;
        try
        {
            await handler(delivered, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e;
            StreamSpans.Failed(span, e);
            throw;
        }
        finally
        {
            MessagingMeter.ProcessDuration.Record(time.GetElapsedTime(started).TotalSeconds, _processTags.With(error));
        }
    }

    private Activity? StartSpan(ReceivedMessage message)
    {
        var span = StreamSpans.Source.StartActivity(_processName, ActivityKind.Consumer, message.TraceContext, _processTags);
        if (span is null)
        {
            return null;
        }

        TraceHeaders.CopyBaggage(message.Record.Headers, span);
        if (span.IsAllDataRequested)
        {
            StreamSpans.Place(span, system, message.Position);
            if (message.Header is { MessageId.IsEmpty: false } header)
            {
                span.SetTag(StreamSpans.MessageId, StreamSpans.IdText(header.MessageId.Span));
            }

            if (message.Attempt > 1)
            {
                span.SetTag("dashstream.delivery.attempt", message.Attempt);
            }
        }

        return span;
    }

    private Activity? StartSpan(IReadOnlyList<ReceivedMessage> messages)
    {
        var tags = _processTags;
        tags.Add(StreamSpans.BatchSize, messages.Count);
        return StreamSpans.Source.StartActivity(
            _processName, ActivityKind.Consumer, default(ActivityContext), tags, Links(messages.Select(message => message.TraceContext)));
    }

    // Made when the read is over: a read that brings nothing is no news, and the links are known only then.
    private void TellRead(IReadOnlyList<StreamRecord> records, long started, Exception? error)
    {
        if (!StreamSpans.Source.HasListeners())
        {
            return;
        }

        var ambient = Activity.Current;
        Activity.Current = null;
        var tags = _receiveTags;
        tags.Add(StreamSpans.BatchSize, records.Count);
        using (var span = StreamSpans.Source.StartActivity(_receiveName, ActivityKind.Client, default(ActivityContext), tags,
            Links(records.Select(record => TraceHeaders.Read(record.Headers))), time.GetUtcNow() - time.GetElapsedTime(started)))
        {
            if (error is not null)
            {
                StreamSpans.Failed(span, error);
            }
        }

        Activity.Current = ambient;
    }

    private static List<ActivityLink> Links(IEnumerable<ActivityContext> contexts) =>
        contexts.Where(context => context != default).Take(StreamSpans.MaxLinks).Select(context => new ActivityLink(context)).ToList();
}
