namespace DashStream.Cli.Parsing;

/// <summary>
/// Reads a topic for <c>parse</c>: alone or as a member of a group, to the end as it was at the start or for ever, and hands every message to a sink.
/// What is committed was printed before.
/// </summary>
internal sealed class LogReader(IStreamProvider provider, ParseRequest request, IMessageSink sink, Terminal terminal)
{
    private static readonly TimeSpan ReadWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);

    private readonly MessageCodec _codec = new(new MessageCodecOptions
    {
        Decoding = FrameDecoding.Compatible,
        RequireHeader = false,
        SchemaPolicy = SchemaCompatibility.Any,
    });

    private readonly Dictionary<int, StreamPosition> _uncommitted = [];
    private readonly StandstillWatch _others = new(TimeProvider.System);

    /// <summary>
    /// How long a partition of another member may stand still before it is left to that member. Longer than a session: those of a dead member are ours by
    /// then. Some logs end in offsets that hold no record, so that no commit ever reaches the end.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Messages that the filter let through.</summary>
    public long Printed { get; private set; }

    /// <summary>Records read, wanted or not.</summary>
    public long Read { get; private set; }

    /// <summary>Records that are no message.</summary>
    public long Unreadable { get; private set; }

    private bool HasEnough => request.Limit is { } limit && Printed >= limit;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var bounds = await BoundsAsync(cancellationToken);
        await using var consumer = await OpenAsync(bounds, cancellationToken);
        using var progress = new ProgressLine(terminal);
        try
        {
            while (!HasEnough && (request.Tail || !bounds.AllReached))
            {
                var batch = await consumer.ReadAsync(ReadWait, cancellationToken);
                Take(batch, consumer, bounds);
                await CommitAsync(consumer, cancellationToken);
                if (batch.Records.Count == 0 && !request.Tail)
                {
                    await LookForEndAsync(consumer, bounds, cancellationToken);
                }

                progress.Show(() => $"{Read:N0} records read, {Printed:N0} printed");
            }
        }
        finally
        {
            progress.Dispose();
            await consumer.StopAsync(StopWithin, CancellationToken.None);
        }
    }

    private async Task<LogBounds> BoundsAsync(CancellationToken cancellationToken)
    {
        var topic = await provider.Admin.DescribeTopicAsync(request.Topic, cancellationToken)
            ?? throw new StreamException(StreamErrorKind.NotFound, $"There is no topic '{request.Topic}' in the store; see: dashstream topics");
        var asked = request.Partitions.Concat(request.From.Select(start => start.Partition).OfType<int>()).ToHashSet();
        var missing = asked.Where(partition => partition < 0 || partition >= topic.Partitions.Count).ToList();
        return missing.Count == 0
            ? new LogBounds(topic.Partitions.Where(partition => asked.Count == 0 || asked.Contains(partition.Partition)))
            : throw new StreamException(StreamErrorKind.NotFound,
                $"Topic '{request.Topic}' has no partition {missing[0]}; it has {topic.Partitions.Count}, numbered from 0.");
    }

    private async Task<IStreamConsumer> OpenAsync(LogBounds bounds, CancellationToken cancellationToken)
    {
        var start = request.From.FirstOrDefault(from => from.Partition is null) ?? (request.Tail && request.From.Count == 0 ? StartText.End : StartText.Beginning);
        var consumer = await provider.OpenConsumerAsync(
            request.Topic,
            new StreamConsumerOptions
            {
                Group = request.Group,
                Partitions = request.Group is null ? bounds.Partitions : null,
                Start = start.Target,
            },
            cancellationToken);
        try
        {
            foreach (var from in request.From.Where(from => from.Partition is not null))
            {
                await consumer.SeekAsync(from.Partition!.Value, from.Target, cancellationToken);
            }

            return consumer;
        }
        catch (StreamException)
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    private void Take(StreamBatch batch, IStreamConsumer consumer, LogBounds bounds)
    {
        foreach (var gap in batch.Gaps)
        {
            terminal.Err.WriteLine($"gap: partition {gap.Partition} from {gap.From} to {gap.To} is no longer in the log");
            bounds.Reached(gap.Partition, gap.To);
        }

        foreach (var record in batch.Records)
        {
            var position = record.Position!.Value;
            if (!request.Tail && bounds.IsBehind(position))
            {
                // Written after the start: left to the next reader.
                consumer.Pause([position.Partition]);
                bounds.Reached(position.Partition, position.Offset);
                continue;
            }

            if (HasEnough)
            {
                return;
            }

            Take(record, position);
            _uncommitted[position.Partition] = position;
            bounds.Reached(position.Partition, position.Offset + 1);
        }
    }

    private void Take(StreamRecord record, StreamPosition position)
    {
        Read++;
        if (record.Value is not { } value)
        {
            return;
        }

        try
        {
            var message = _codec.Decode(value);
            if (request.Filter.Wants(message))
            {
                sink.Add(position, request.Redaction.Message(message));
                Printed++;
            }
        }
        catch (StreamException e) when (e is CodecException or { Kind: StreamErrorKind.InvalidRequest })
        {
            Unreadable++;
            terminal.Err.WriteLine($"unreadable: {position}: {e.Message}");
        }
    }

    private async Task CommitAsync(IStreamConsumer consumer, CancellationToken cancellationToken)
    {
        if (request.Tail || request.Group is not null)
        {
            terminal.Out.Flush();
        }

        if (request.Group is null || _uncommitted.Count == 0)
        {
            return;
        }

        try
        {
            await consumer.CommitAsync([.. _uncommitted.Values], cancellationToken);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Fenced)
        {
            terminal.Err.WriteLine($"note: {e.Message} Its records come again to another member.");
        }

        _uncommitted.Clear();
    }

    /// <summary>
    /// A reader alone is at the end when it read everything; a member when the group did. So a member stays while others are at work, and takes over what a
    /// member that died has left.
    /// </summary>
    private async Task LookForEndAsync(IStreamConsumer consumer, LogBounds bounds, CancellationToken cancellationToken)
    {
        foreach (var partition in await consumer.GetProgressAsync(cancellationToken))
        {
            bounds.Reached(partition.Partition, partition.NextOffset);
        }

        if (!bounds.AllReached && request.Group is not null
            && await provider.Admin.DescribeGroupAsync(request.Topic, request.Group, cancellationToken) is { } group)
        {
            foreach (var partition in group.Partitions)
            {
                bounds.Committed(partition);
            }

            LeaveToOthers(consumer, bounds, group);
        }
    }

    private void LeaveToOthers(IStreamConsumer consumer, LogBounds bounds, GroupDescription group)
    {
        var open = group.Partitions.Where(partition => bounds.Open.Contains(partition.Partition)).ToList();
        var isTheirs = open.TrueForAll(partition => partition.Owner is not null && !consumer.Assignment.Contains(partition.Partition));
        var state = string.Join(' ', open.Select(partition => $"{partition.Partition}:{partition.Owner}:{partition.Committed}"));
        if (_others.HasStoodStill(isTheirs ? state : null, Patience))
        {
            terminal.Err.WriteLine($"note: partition {string.Join(", ", bounds.Open)} is left to the other members of the group, which have committed nothing for {Patience.TotalSeconds:0} s");
            bounds.Leave(bounds.Open);
        }
    }
}
