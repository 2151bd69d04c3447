namespace DashStream;

/// <summary>Changes what a topic of dead letters holds: edits letters and removes them. Thread-safe.</summary>
/// <param name="letters">The letters.</param>
public sealed class DeadLetterEditor(DeadLetterReader letters)
{
    /// <summary>
    /// Stores a letter anew with another key, payload or headers of its message. The id stays; the newest edit is the letter from then on, for listing and replay.
    /// </summary>
    /// <param name="letter">The letter as it stands, as read.</param>
    /// <param name="message">The message's record as it should be; its time and partition stay the letter's.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="StreamException">The payload is over 512 KiB (<see cref="StreamErrorKind.TooLarge"/>), or the letter could not be stored.</exception>
    public async ValueTask<StreamPosition> EditAsync(StoredDeadLetter letter, StreamRecord message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(letter);
        ArgumentNullException.ThrowIfNull(message);
        if (message.Value is { Length: > DeadLetterDocument.MaxPayloadBytes })
        {
            throw new StreamException(StreamErrorKind.TooLarge,
                $"The edited payload has {message.Value.Value.Length} bytes; a dead letter holds {DeadLetterDocument.MaxPayloadBytes} and the rest would be lost.");
        }

        var edited = letter.ToEdited(message);
        var producer = await letters.Provider.OpenProducerAsync(letters.Topic, cancellationToken).ConfigureAwait(false);
        await using (producer.ConfigureAwait(false))
        {
            return await producer.SendAsync(Beside(edited, letter.Position), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Removes the letters that fit. A log can only be cut from its beginning: letters between that stay are stored anew at the end first, so a crash leaves some
    /// twice and loses none. A group that reads the topic sees those again.
    /// </summary>
    /// <param name="filter">Which; an empty one means everything, records that are no letters included.</param>
    /// <param name="dryRun">Counts only.</param>
    /// <param name="cancellationToken">Ends the work between two steps.</param>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read or cut.</exception>
    public async ValueTask<DeadLetterPurge> PurgeAsync(DeadLetterFilter filter, bool dryRun = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var last = new SortedDictionary<int, StreamPosition>();
        long removed = 0;
        await foreach (var (record, letter) in letters.ReadRecordsAsync(after: null, cancellationToken).ConfigureAwait(false))
        {
            if (letter is null ? filter.IsEmpty : filter.Fits(letter))
            {
                removed++;
                last[record.Position!.Value.Partition] = record.Position.Value;
            }
        }

        var moved = await MoveAsync(filter, last, dryRun, cancellationToken).ConfigureAwait(false);
        foreach (var position in dryRun ? [] : last.Values.ToList())
        {
            await letters.Provider.Admin.TrimAsync(letters.Topic, position with { Offset = position.Offset + 1 }, cancellationToken).ConfigureAwait(false);
        }

        return new DeadLetterPurge(removed, moved);
    }

    private async ValueTask<long> MoveAsync(
        DeadLetterFilter filter, SortedDictionary<int, StreamPosition> last, bool dryRun, CancellationToken cancellationToken)
    {
        if (filter.IsEmpty || last.Count == 0)
        {
            return 0;
        }

        long moved = 0;
        var producer = await letters.Provider.OpenProducerAsync(letters.Topic, cancellationToken).ConfigureAwait(false);
        await using (producer.ConfigureAwait(false))
        {
            await foreach (var (record, letter) in letters.ReadRecordsAsync(after: null, cancellationToken).ConfigureAwait(false))
            {
                var position = record.Position!.Value;
                if (!last.TryGetValue(position.Partition, out var end) || position > end || (letter is not null && filter.Fits(letter)))
                {
                    continue;
                }

                moved++;
                if (!dryRun)
                {
                    await producer.SendAsync(Beside(record, position), cancellationToken).ConfigureAwait(false);
                }
            }
        }

        return moved;
    }

    // In its own partition, so that the edits of a letter keep their order. The time stays: it tells how far back a replay must look.
    private static StreamRecord Beside(StreamRecord record, StreamPosition? position) =>
        new(record.Key, record.Value, record.Headers, record.TimestampUs) { TargetPartition = position?.Partition };
}

/// <summary>What a purge did, or would do.</summary>
/// <param name="Removed">Letters removed.</param>
/// <param name="Moved">Letters that stay and were stored anew, because they lay before removed ones.</param>
public sealed record DeadLetterPurge(long Removed, long Moved);
