using System.Runtime.CompilerServices;

namespace DashStream;

/// <summary>
/// Reads the dead letters of a topic, of any provider: ours and the original's. Reading commits nothing and may be repeated. An edited letter is shown as it
/// stands, in place of its earlier versions. Every call reads what the topic holds at that moment. Thread-safe.
/// </summary>
/// <param name="provider">Where they are; not owned.</param>
/// <param name="topic">Their topic.</param>
public sealed class DeadLetterReader(IStreamProvider provider, string topic)
{
    private readonly TopicScan _scan = new(provider, topic);

    /// <summary>Where the letters are.</summary>
    public IStreamProvider Provider { get; } = provider;

    /// <summary>Their topic.</summary>
    public string Topic { get; } = topic;

    /// <summary>The letters that fit, partition by partition, oldest first. Records that are no letters are passed over.</summary>
    /// <param name="filter">Which; null means all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async IAsyncEnumerable<StoredDeadLetter> ReadAsync(
        DeadLetterFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var (_, letter) in ReadRecordsAsync(after: null, cancellationToken).ConfigureAwait(false))
        {
            if (letter is not null && filter?.Fits(letter) != false)
            {
                yield return letter;
            }
        }
    }

    /// <summary>Some of the letters that fit.</summary>
    /// <param name="filter">Which; null means all.</param>
    /// <param name="size">Most letters of the page; at least 1.</param>
    /// <param name="after">Where the previous page ended (<see cref="DeadLetterPage.Next"/>); null for the first.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async ValueTask<DeadLetterPage> GetPageAsync(
        DeadLetterFilter? filter, int size, StreamPosition? after = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var letters = new List<StoredDeadLetter>();
        var unreadable = new List<StreamPosition>();
        await foreach (var (record, letter) in ReadRecordsAsync(after, cancellationToken).ConfigureAwait(false))
        {
            if (letter is null)
            {
                unreadable.Add(record.Position!.Value);
            }
            else if (filter?.Fits(letter) != false)
            {
                if (letters.Count == size)
                {
                    return new DeadLetterPage(letters, letters[^1].Position, unreadable);
                }

                letters.Add(letter);
            }
        }

        return new DeadLetterPage(letters, null, unreadable);
    }

    /// <summary>The letter with that id as it stands, or null.</summary>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async ValueTask<StoredDeadLetter?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        await foreach (var letter in ReadAsync(new DeadLetterFilter { Ids = [id] }, cancellationToken).ConfigureAwait(false))
        {
            return letter;
        }

        return null;
    }

    /// <summary>Counts the letters that fit.</summary>
    /// <exception cref="StreamException">There is no such topic (<see cref="StreamErrorKind.NotFound"/>), or it cannot be read.</exception>
    public async ValueTask<DeadLetterTotals> CountAsync(DeadLetterFilter? filter = null, CancellationToken cancellationToken = default)
    {
        long count = 0, bytes = 0, unreadable = 0;
        DateTimeOffset? oldest = null, newest = null;
        var stages = new SortedDictionary<DeadLetterStage, long>();
        var types = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var topics = new SortedDictionary<string, long>(StringComparer.Ordinal);
        await foreach (var (_, letter) in ReadRecordsAsync(after: null, cancellationToken).ConfigureAwait(false))
        {
            if (letter is null)
            {
                unreadable++;
            }
            else if (filter?.Fits(letter) != false)
            {
                count++;
                bytes += letter.Document.FullSizeBytes;
                oldest = letter.Document.Time < (oldest ?? DateTimeOffset.MaxValue) ? letter.Document.Time : oldest;
                newest = letter.Document.Time > (newest ?? DateTimeOffset.MinValue) ? letter.Document.Time : newest;
                Count(stages, letter.Stage);
                Count(types, letter.Document.ErrorType);
                Count(topics, letter.Document.SourceTopic);
            }
        }

        return new DeadLetterTotals(count, bytes, unreadable, oldest, newest, stages, types, topics);
    }

    /// <summary>Every record as it stands, with its letter or null where it is none.</summary>
    internal async IAsyncEnumerable<(StreamRecord Record, StoredDeadLetter? Letter)> ReadRecordsAsync(
        StreamPosition? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var edits = await EditsAsync(cancellationToken).ConfigureAwait(false);
        SeekTarget? StartOf(PartitionDescription partition) => after is not { } last || partition.Partition > last.Partition
            ? SeekTarget.Beginning
            : partition.Partition < last.Partition || last.Offset + 1 >= partition.Bounds.End ? null
            : last.Offset + 1 <= partition.Bounds.Begin ? SeekTarget.Beginning : SeekTarget.At(last.Offset + 1);
        await foreach (var record in _scan.ReadAsync(StartOf, cancellationToken).ConfigureAwait(false))
        {
            var letter = TryParse(record);
            if (letter is null || letter.Edits == edits.GetValueOrDefault(letter.Id))
            {
                yield return (record, letter);
            }
        }
    }

    internal static StoredDeadLetter? TryParse(StreamRecord record)
    {
        try
        {
            return StoredDeadLetter.Parse(record);
        }
        catch (StreamException e) when (e.Kind == StreamErrorKind.Corrupt)
        {
            return null;
        }
    }

    internal ValueTask<TopicDescription> DescribeAsync(CancellationToken cancellationToken) => _scan.DescribeAsync(cancellationToken);

    /// <summary>The highest edit of every letter that was edited.</summary>
    private async ValueTask<Dictionary<string, int>> EditsAsync(CancellationToken cancellationToken)
    {
        var edits = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var record in _scan.ReadAsync(_ => SeekTarget.Beginning, cancellationToken).ConfigureAwait(false))
        {
            if (DeadLetterHeaderReader.Number(record.Headers, DeadLetterHeaders.Edit) is { } edit && TryParse(record) is { } letter)
            {
                edits[letter.Id] = Math.Max(edit, edits.GetValueOrDefault(letter.Id));
            }
        }

        return edits;
    }

    private static void Count<TKey>(SortedDictionary<TKey, long> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;
}
