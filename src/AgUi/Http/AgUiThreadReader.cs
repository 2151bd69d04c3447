using System.Text;
using DashStream.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream.AgUi;

/// <summary>
/// Sends one thread to one browser. It reads alone, from the oldest record that is kept or, for a browser that comes back, from the anchor that its last id
/// names: what lies between that and the id is translated again without being sent, since later events depend on it. It waits for the browser before it reads on.
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
    private AgUiAnchors _anchors = new(AnchorOf(request.Last, topic));
    private AgUiLateStart? _late;
    private int? _partition = request.Last?.Position.Partition;
    private bool _hasEnded;
    private UInt128? _horizon;

    /// <summary>Sends the thread until its end; null when that is done, or why nothing was sent.</summary>
    public async ValueTask<AgUiRefusal?> RunAsync(IStreamProvider provider, CancellationToken cancellationToken)
    {
        var anchor = _anchors.Oldest;
        var consumer = await provider.OpenConsumerAsync(request.Topic, new StreamConsumerOptions
        {
            Partitions = _partition is { } one ? [one] : null,
            Start = anchor is { } from ? SeekTarget.At(from.Offset) : SeekTarget.Beginning,
            MaxBatchBytes = options.MaxReaderBytes,
        }, cancellationToken).ConfigureAwait(false);
        await using var disposal = consumer.ConfigureAwait(false);
        Begin(anchor?.State ?? AgUiQuiet.Nothing);
        var (found, refusal) = request.Last is { } last
            ? await GoToAsync(last.Position.Offset, consumer, cancellationToken).ConfigureAwait(false)
            : await FindAsync(consumer, cancellationToken).ConfigureAwait(false);
        if (refusal is not null)
        {
            return refusal;
        }

        await SendAsync(consumer, found, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private void Begin(char state)
    {
        _translator.BeginAt(state);
        _late = state == AgUiQuiet.Late ? new AgUiLateStart(request.Thread) : null;
    }

    private async ValueTask SendAsync(IStreamConsumer consumer, StreamBatch batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            await TakeAsync(batch, cancellationToken).ConfigureAwait(false);
            if (_hasEnded && !request.Follow && await IsAtEndAsync(consumer, batch, cancellationToken).ConfigureAwait(false))
            {
                await _output.EndAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            if (batch.Records.Count == 0 || _output.IsSilentFor(options.Heartbeat, _time))
            {
                await _output.BeatAsync(_time, cancellationToken).ConfigureAwait(false);
            }

            batch = await consumer.ReadAsync(_hasEnded && !request.Follow ? LastLook : options.Heartbeat, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Where the anchor itself is no longer kept, what is left of the way is as good as it gets.</summary>
    private static AgUiAnchor? AnchorOf(AgUiPlace? last, TopicDescription topic)
    {
        if (last is not { Anchor: { } anchor } place)
        {
            return null;
        }

        var begin = topic.Partitions.First(held => held.Partition == place.Position.Partition).Bounds.Begin;
        return anchor.Offset < begin ? anchor with { Offset = begin } : anchor;
    }

    /// <summary>The batch in which the last event lies or was; what lies before it is translated.</summary>
    private async ValueTask<(StreamBatch Batch, AgUiRefusal? Refusal)> GoToAsync(UInt128 last, IStreamConsumer consumer, CancellationToken cancellationToken)
    {
        var isKept = last >= topic.Partitions.First(held => held.Partition == _partition).Bounds.Begin;
        var silentSince = _time.GetTimestamp();
        while (true)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
            if (batch.Gaps.Any(gap => gap.To > last))
            {
                return (batch, AgUiRefusal.Trimmed);
            }

            if (batch.Records.FirstOrDefault(record => record.Position!.Value.Offset >= last) is { } there)
            {
                return (batch, isKept && !IsTheirs(there, last) ? AgUiRefusal.ForeignId : null);
            }

            if (batch.Records.Count > 0)
            {
                silentSince = _time.GetTimestamp();
                foreach (var record in batch.Records)
                {
                    Take(record);
                }
            }
            else if (_time.GetElapsedTime(silentSince) >= LongestSilence || await HasSeenAllAsync(consumer, cancellationToken).ConfigureAwait(false))
            {
                return (batch, isKept ? AgUiRefusal.ForeignId : null);
            }
        }
    }

    /// <summary>Whether the record is the one that an id names, and one whose events this reader may see.</summary>
    private bool IsTheirs(StreamRecord record, UInt128 offset) =>
        record.Position!.Value.Offset == offset && MessageOf(record) is not null;

    /// <summary>The first batch with something of the thread for this reader; from then on only its partition is read. Refused when there is none in time.</summary>
    private async ValueTask<(StreamBatch Batch, AgUiRefusal? Refusal)> FindAsync(IStreamConsumer consumer, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
            if (batch.Records.FirstOrDefault(IsForReader) is { } first)
            {
                var (partition, offset) = first.Position!.Value;
                _partition = partition;
                var kept = topic.Partitions.First(held => held.Partition == _partition).Bounds.Begin;
                if (kept > 0 && AgUiLateStart.IsCut(MessagesOf(batch)))
                {
                    Begin(AgUiQuiet.Late);
                    _anchors = new AgUiAnchors(new AgUiAnchor(offset, AgUiQuiet.Late));
                }
                else if (offset > kept)
                {
                    _anchors = new AgUiAnchors(new AgUiAnchor(offset, AgUiQuiet.Nothing));
                }

                consumer.Pause([.. consumer.Assignment.Where(other => other != _partition)]);
                return (batch with { Records = [.. batch.Records.SkipWhile(record => record != first)] }, null);
            }

            var over = _time.GetElapsedTime(began) - options.WaitForThread;
            if (over >= TimeSpan.Zero
                && ((batch.Records.Count == 0 && over >= LongestSilence) || await HasSeenAllAsync(consumer, cancellationToken).ConfigureAwait(false)))
            {
                return (batch, AgUiRefusal.Nothing);
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
            Take(record);
            await _output.FlushIfLargeAsync(_time, cancellationToken).ConfigureAwait(false);
        }

        await _output.FlushAsync(_time, cancellationToken).ConfigureAwait(false);
    }

    private void Take(StreamRecord record)
    {
        var position = record.Position!.Value;
        if (position.Partition == _partition)
        {
            _anchors.Pass(position.Offset, _late?.IsOpen == true ? null : _translator.Quiet);
        }

        if (!IsOfThread(record) || record.Value is not { } value
            || Decode(value, WasPassed(position)) is not { } message || !_recent.IsNew(MessageParts.HeaderOf(message)))
        {
            return;
        }

        var events = _translator.Translate(message);
        for (var i = 0; i < events.Count; i++)
        {
            _hasEnded = events[i].Type is AgUiEventType.RunFinished or AgUiEventType.RunError;
            _horizon = null;
            if (_late?.Allows(events[i]) == false)
            {
                continue;
            }

            if (!WasSent(position, i))
            {
                if (_late?.Opening is { } opening)
                {
                    _output.Write(opening, place: null);
                }

                _output.Write(events[i], new AgUiPlace(position, i == events.Count - 1 ? null : i + 1, _anchors.Oldest));
            }

            _late?.Open();
        }
    }

    private bool WasSent(StreamPosition position, int index) =>
        request.Last is { } last
        && (position.Offset < last.Position.Offset || (position.Offset == last.Position.Offset && (last.Sent is not { } sent || index < sent)));

    private bool WasPassed(StreamPosition position) => request.Last is { } last && position.Offset <= last.Position.Offset;

    private DashStreamMessage? Decode(ReadOnlyMemory<byte> value, bool isSilent)
    {
        try
        {
            var message = _codec.Decode(value);
            return request.Tenant is null || MessageParts.HeaderOf(message)?.TenantId == request.Tenant ? message : null;
        }
        catch (CodecException e)
        {
            if (!isSilent)
            {
                _output.Comment($"a record could not be read ({e.Failure})");
            }

            return null;
        }
    }

    private IEnumerable<DashStreamMessage> MessagesOf(StreamBatch batch) =>
        batch.Records.Select(MessageOf).OfType<DashStreamMessage>();

    private DashStreamMessage? MessageOf(StreamRecord record) =>
        IsOfThread(record) && record.Value is { } value ? Decode(value, isSilent: true) : null;

    /// <summary>A thread that only others have written is to its reader as one that nobody has; whose a record is that cannot be read, nobody knows.</summary>
    private bool IsForReader(StreamRecord record) => IsOfThread(record) && (request.Tenant is null || MessageOf(record) is not null);

    private bool IsOfThread(StreamRecord record) => record.Key.Span.SequenceEqual(_key);
}
