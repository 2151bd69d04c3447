using System.Text;
using DashStream.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream.AgUi;

/// <summary>
/// Sends one thread to one browser. It reads alone, from the oldest record that is kept: what the browser has seen is translated again without being sent, since
/// later events depend on it. It waits for the browser before it reads on.
/// </summary>
internal sealed class AgUiThreadReader(HttpContext context, AgUiEndpointOptions options, AgUiRequest request, TopicDescription topic)
{
    private static readonly TimeSpan LastLook = TimeSpan.FromSeconds(1);

    // Logs may end in offsets that hold no record, which reading never passes.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private readonly byte[] _key = Encoding.UTF8.GetBytes(request.Thread);
    private readonly AgUiTranslator _translator = new();
    private readonly MessageCodec _codec = new();
    private readonly AgUiRecentIds _recent = new();
    private readonly AgUiEventStream _output = new(context, options);
    private readonly TimeProvider _time = context.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System;
    private int? _partition = request.Last?.Position.Partition;
    private bool _hasEnded;
    private UInt128? _horizon;

    /// <summary>False when nothing of the thread was found and nothing was answered.</summary>
    public async ValueTask<bool> RunAsync(IStreamProvider provider, CancellationToken cancellationToken)
    {
        var consumer = await provider.OpenConsumerAsync(request.Topic, new StreamConsumerOptions
        {
            Partitions = _partition is { } one ? [one] : null,
            MaxBatchBytes = options.MaxReaderBytes,
        }, cancellationToken).ConfigureAwait(false);
        await using var disposal = consumer.ConfigureAwait(false);
        var found = await FindAsync(consumer, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            return false;
        }

        var batch = found.Value;
        while (true)
        {
            await TakeAsync(batch, cancellationToken).ConfigureAwait(false);
            if (_hasEnded && !request.Follow && await IsAtEndAsync(consumer, batch, cancellationToken).ConfigureAwait(false))
            {
                await _output.EndAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (batch.Records.Count == 0 || _output.IsSilentFor(options.Heartbeat, _time))
            {
                await _output.BeatAsync(_time, cancellationToken).ConfigureAwait(false);
            }

            batch = await consumer.ReadAsync(_hasEnded && !request.Follow ? LastLook : options.Heartbeat, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The first batch with something of the thread; from then on only its partition is read. Null when there is none in time.</summary>
    private async ValueTask<StreamBatch?> FindAsync(IStreamConsumer consumer, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
            if (batch.Records.FirstOrDefault(IsOfThread) is { } first)
            {
                _partition = first.Position!.Value.Partition;
                consumer.Pause([.. consumer.Assignment.Where(other => other != _partition)]);
                return batch;
            }

            var over = _time.GetElapsedTime(began) - options.WaitForThread;
            if (over >= TimeSpan.Zero
                && ((batch.Records.Count == 0 && over >= LongestSilence) || await HasSeenAllAsync(consumer, cancellationToken).ConfigureAwait(false)))
            {
                return null;
            }
        }
    }

    private async ValueTask<bool> HasSeenAllAsync(IStreamConsumer consumer, CancellationToken cancellationToken)
    {
        var progress = await consumer.GetProgressAsync(cancellationToken).ConfigureAwait(false);
        return progress.All(one => one.NextOffset >= topic.Partitions.First(held => held.Partition == one.Partition).Bounds.End);
    }

    /// <summary>After the end of a run: whether the log holds nothing more that was there when the end was read.</summary>
    private async ValueTask<bool> IsAtEndAsync(IStreamConsumer consumer, StreamBatch batch, CancellationToken cancellationToken)
    {
        var progress = await consumer.GetProgressAsync(cancellationToken).ConfigureAwait(false);
        var own = progress.First(one => one.Partition == _partition);
        _horizon ??= own.Bounds.End;
        return own.NextOffset >= _horizon || batch.Records.Count == 0;
    }

    private async ValueTask TakeAsync(StreamBatch batch, CancellationToken cancellationToken)
    {
        foreach (var gap in batch.Gaps)
        {
            if (gap.Partition == _partition)
            {
                _output.Comment($"lost {gap.Partition}@{gap.From} to {gap.To}: no longer kept");
            }
        }

        foreach (var record in batch.Records)
        {
            if (IsOfThread(record))
            {
                Take(record);
                await _output.FlushIfLargeAsync(_time, cancellationToken).ConfigureAwait(false);
            }
        }

        await _output.FlushAsync(_time, cancellationToken).ConfigureAwait(false);
    }

    private void Take(StreamRecord record)
    {
        if (record.Value is not { } value || Decode(value) is not { } message || !_recent.IsNew(MessageParts.HeaderOf(message)))
        {
            return;
        }

        var events = _translator.Translate(message);
        var position = record.Position!.Value;
        for (var i = 0; i < events.Count; i++)
        {
            _hasEnded = events[i].Type is AgUiEventType.RunFinished or AgUiEventType.RunError;
            _horizon = null;
            if (!WasSent(position, i))
            {
                _output.Write(events[i], new AgUiPlace(position, i == events.Count - 1 ? null : i + 1));
            }
        }
    }

    private bool WasSent(StreamPosition position, int index) =>
        request.Last is { } last
        && (position.Offset < last.Position.Offset || (position.Offset == last.Position.Offset && (last.Sent is not { } sent || index < sent)));

    private DashStreamMessage? Decode(ReadOnlyMemory<byte> value)
    {
        try
        {
            var message = _codec.Decode(value);
            return request.Tenant is null || MessageParts.HeaderOf(message)?.TenantId == request.Tenant ? message : null;
        }
        catch (CodecException e)
        {
            _output.Comment($"a record could not be read ({e.Failure})");
            return null;
        }
    }

    private bool IsOfThread(StreamRecord record) => record.Key.Span.SequenceEqual(_key);
}
