using System.Diagnostics;
using DashStream.Client;
using DashStream.Protocol;

namespace DashStream.Telemetry;

/// <summary>Watches the sends of one producer: spans <c>send</c> and <c>create</c>, durations and counts. Only asked while somebody listens. Thread-safe.</summary>
internal sealed class SendTelemetry(string system, string topic, TimeProvider time)
{
    private const string Send = "send";
    private const string Create = "create";

    private readonly TagList _sendTags = StreamSpans.TagsOf(system, topic, Send, Send);
    private readonly TagList _createTags = StreamSpans.TagsOf(system, topic, Create, Create);
    private readonly string _sendName = $"{Send} {topic}";
    private readonly string _createName = $"{Create} {topic}";

    /// <summary>Whether anybody listens.</summary>
    public static bool IsOn => StreamSpans.Source.HasListeners() || MessagingMeter.OperationDuration.Enabled || MessagingMeter.SentMessages.Enabled;

    /// <summary>The headers of a message about to be handed over; its id is known only now.</summary>
    public static StreamHeaders Stamp(StreamHeaders headers, Header header, Activity? span)
    {
        if (span is null)
        {
            return headers;
        }

        if (span is { IsAllDataRequested: true, IsStopped: false } && ReferenceEquals(span.Source, StreamSpans.Source))
        {
            span.SetTag(StreamSpans.MessageId, StreamSpans.IdText(header.MessageId.Span));
        }

        return TraceHeaders.Add(headers, span);
    }

    /// <summary>Sends one message by itself.</summary>
    public async ValueTask<SendReceipt> SendAsync(MessageSender sender, SendItem item, CancellationToken cancellationToken)
    {
        using var span = StreamSpans.Source.StartActivity(_sendName, ActivityKind.Producer, default(ActivityContext), _sendTags);
        var started = time.GetTimestamp();
        Exception? error = null;
        try
        {
            var receipt = await sender.SendAsync(item with { Trace = span ?? Activity.Current }, cancellationToken).ConfigureAwait(false);
            if (span is { IsAllDataRequested: true })
            {
                StreamSpans.Place(span, system, receipt.Position);
            }

            return receipt;
        }
        catch (Exception e)
        {
            error = e;
            StreamSpans.Failed(span, e);
            throw;
        }
        finally
        {
            var tags = _sendTags.With(error);
            MessagingMeter.OperationDuration.Record(time.GetElapsedTime(started).TotalSeconds, tags);
            MessagingMeter.SentMessages.Add(1, tags);
        }
    }

    /// <summary>Begins a batch. Call it in an async method, whose end brings the ambient span back.</summary>
    public BatchSpan StartBatch(int count)
    {
        var ambient = Activity.Current;
        var tags = _sendTags;
        tags.Add(StreamSpans.BatchSize, count);
        var span = StreamSpans.Source.StartActivity(_sendName, ActivityKind.Client, default(ActivityContext), tags);

        // Its messages are siblings of the batch, not parts of it: each may be handled long after.
        Activity.Current = ambient;
        return new BatchSpan(span, time.GetTimestamp());
    }

    /// <summary>Sends one message of a batch.</summary>
    public async ValueTask<SendReceipt> SendAsync(MessageSender sender, SendItem item, BatchSpan batch, CancellationToken cancellationToken)
    {
        Exception? error = null;
        try
        {
            return await CreateAsync(sender, item, batch, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e;
            batch.Error ??= e;
            throw;
        }
        finally
        {
            MessagingMeter.SentMessages.Add(1, _sendTags.With(error));
        }
    }

    public void End(BatchSpan batch)
    {
        MessagingMeter.OperationDuration.Record(time.GetElapsedTime(batch.Started).TotalSeconds, _sendTags.With(batch.Error));
        if (batch.Error is { } error)
        {
            StreamSpans.Failed(batch.Span, error);
        }

        batch.Span?.Dispose();
    }

    private ValueTask<SendReceipt> CreateAsync(MessageSender sender, SendItem item, BatchSpan batch, CancellationToken cancellationToken)
    {
        using var span = StreamSpans.Source.StartActivity(_createName, ActivityKind.Producer, default(ActivityContext), _createTags);
        if (span is not null && batch.TakeLink())
        {
            batch.Span?.AddLink(new ActivityLink(span.Context));
        }

        return sender.SendAsync(item with { Trace = span ?? Activity.Current }, cancellationToken);
    }
}
