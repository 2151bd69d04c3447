using System.Globalization;

namespace DashStream;

/// <summary>One run of a replay: its open producers, and the marks of what the target topics hold already. Not safe for concurrent use.</summary>
internal sealed class ReplayRun(DeadLetterReader letters, DeadLetterReplayOptions options) : IAsyncDisposable
{
    // The clocks of the letters' store and of the target's may differ by so much.
    private const long SkewUs = 10 * 60 * 1_000_000L;

    private readonly IStreamProvider _target = options.Provider ?? letters.Provider;
    private readonly Dictionary<string, IStreamProducer> _producers = new(StringComparer.Ordinal);
    private readonly HashSet<(string Topic, string Mark)> _replayed = [];

    /// <summary>Messages sent, or that a dry run would have sent.</summary>
    public long Sent { get; private set; }

    /// <summary>
    /// Finds what an earlier run sent. A replay carries the provider's own time and is younger than its letter, so only the younger part of each topic is read.
    /// </summary>
    public async ValueTask LookBackAsync(CancellationToken cancellationToken)
    {
        if (options.Again)
        {
            return;
        }

        var oldest = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var letter in letters.ReadAsync(options.Filter, cancellationToken).ConfigureAwait(false))
        {
            var topic = TopicOf(letter);
            oldest[topic] = Math.Min(letter.Record.TimestampUs, oldest.GetValueOrDefault(topic, long.MaxValue));
        }

        foreach (var (topic, since) in oldest)
        {
            await LookBackAsync(topic, SeekTarget.Time(Math.Max(0, since - SkewUs)), cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<DeadLetterReplay> ReplayAsync(StoredDeadLetter letter, CancellationToken cancellationToken)
    {
        var topic = TopicOf(letter);
        if (_replayed.Contains((topic, DeadLetterReplayer.MarkOf(letter))))
        {
            return new DeadLetterReplay(letter, DeadLetterReplayStatus.AlreadyReplayed, topic);
        }

        try
        {
            return await SendAsync(letter, topic, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Kind is StreamErrorKind.TooLarge or StreamErrorKind.InvalidRequest or StreamErrorKind.NotFound or StreamErrorKind.Corrupt)
        {
            return new DeadLetterReplay(letter, DeadLetterReplayStatus.Refused, topic, Why: e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var producer in _producers.Values)
        {
            await producer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private string TopicOf(StoredDeadLetter letter) => options.Topic ?? letter.Document.SourceTopic;

    private async ValueTask LookBackAsync(string topic, SeekTarget start, CancellationToken cancellationToken)
    {
        if (await _target.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false) is null)
        {
            return;
        }

        await foreach (var record in new TopicScan(_target, topic).ReadAsync(_ => start, cancellationToken).ConfigureAwait(false))
        {
            if (DeadLetterHeaderReader.Text(record.Headers, DeadLetterHeaders.ReplayOf) is { } mark)
            {
                _replayed.Add((topic, mark));
            }
        }
    }

    private async ValueTask<DeadLetterReplay> SendAsync(StoredDeadLetter letter, string topic, CancellationToken cancellationToken)
    {
        if (letter.ReplayCount >= options.MaxReplays)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"The message was sent again {letter.ReplayCount} times already and failed each time; the limit is {options.MaxReplays} ({nameof(DeadLetterReplayOptions.MaxReplays)}).");
        }

        if (letter.Hops <= 1 && topic == letters.Topic && ReferenceEquals(_target, letters.Provider))
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"The message would be sent to '{topic}', the topic of the dead letters themselves.");
        }

        var original = await OriginalAsync(letter, cancellationToken).ConfigureAwait(false);
        var edited = options.Edit is null ? original : options.Edit(letter, original);
        if (edited is null)
        {
            return new DeadLetterReplay(letter, DeadLetterReplayStatus.Skipped, topic);
        }

        if (options.DryRun)
        {
            Sent++;
            return new DeadLetterReplay(letter, DeadLetterReplayStatus.WouldReplay, topic);
        }

        var producer = await ProducerAsync(topic, cancellationToken).ConfigureAwait(false);
        var position = await producer.SendAsync(Marked(letter, edited, producer), cancellationToken).ConfigureAwait(false);
        Sent++;
        _replayed.Add((topic, DeadLetterReplayer.MarkOf(letter)));
        return new DeadLetterReplay(letter, DeadLetterReplayStatus.Replayed, topic, position);
    }

    // The time is the provider's: with its old one, a replay could fall to the retention at once, or be looked for in the wrong place.
    private static StreamRecord Marked(StoredDeadLetter letter, StreamRecord message, IStreamProducer producer)
    {
        List<StreamHeader> headers =
        [
            .. message.Headers.Where(header => !header.Name.Equals(DeadLetterHeaders.ReplayOf, StringComparison.OrdinalIgnoreCase)
                && !header.Name.Equals(DeadLetterHeaders.ReplayCount, StringComparison.OrdinalIgnoreCase)),
            new(DeadLetterHeaders.ReplayOf, DeadLetterReplayer.MarkOf(letter)),
            new(DeadLetterHeaders.ReplayCount, (letter.ReplayCount + 1).ToString(CultureInfo.InvariantCulture)),
        ];
        var isAtHome = producer.Topic == letter.Document.SourceTopic && message.Key.Span.SequenceEqual(letter.OriginalKey.Span);
        var keepsPartition = message.TargetPartition < producer.PartitionCount && (isAtHome || message.Key.IsEmpty);
        return new StreamRecord(message.Key, message.Value, StreamHeaders.Create([.. headers]))
        {
            TargetPartition = keepsPartition ? message.TargetPartition : null,
        };
    }

    private async ValueTask<IStreamProducer> ProducerAsync(string topic, CancellationToken cancellationToken)
    {
        if (!_producers.TryGetValue(topic, out var producer))
        {
            producer = await _target.OpenProducerAsync(topic, cancellationToken).ConfigureAwait(false);
            _producers[topic] = producer;
        }

        return producer;
    }

    /// <summary>The message; where the letter holds its beginning only, the whole of it from the source topic, if it is still there and the same.</summary>
    private async ValueTask<StreamRecord> OriginalAsync(StoredDeadLetter letter, CancellationToken cancellationToken)
    {
        if (!letter.Document.IsTruncated)
        {
            return letter.ToOriginal();
        }

        if (letter.SourcePosition is { } position)
        {
            var source = await SourceAsync(letter.Document.SourceTopic, position, cancellationToken).ConfigureAwait(false);
            if (source?.Value is { } payload && letter.Document.IsPayload(payload.Span))
            {
                return letter.ToOriginal(payload);
            }
        }

        throw new StreamException(StreamErrorKind.TooLarge,
            $"The letter holds {letter.Document.Payload.Length} of {letter.Document.FullSizeBytes} bytes, and topic '{letter.Document.SourceTopic}' does not hold the whole message any more ({(letter.SourcePosition is { } at ? at.ToString() : "it was never stored")}).");
    }

    private async ValueTask<StreamRecord?> SourceAsync(string topic, StreamPosition position, CancellationToken cancellationToken)
    {
        foreach (var provider in new[] { letters.Provider, _target }.Distinct())
        {
            if (await provider.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false) is not { } description
                || description.Partitions.All(partition => partition.Partition != position.Partition || !Holds(partition.Bounds, position.Offset)))
            {
                continue;
            }

            SeekTarget? Start(PartitionDescription partition) => partition.Partition == position.Partition ? SeekTarget.At(position.Offset) : null;
            await foreach (var record in new TopicScan(provider, topic).ReadAsync(Start, cancellationToken).ConfigureAwait(false))
            {
                if (record.Position == position)
                {
                    return record;
                }

                break;
            }
        }

        return null;
    }

    private static bool Holds(PartitionBounds bounds, UInt128 offset) => offset >= bounds.Begin && offset < bounds.End;
}
