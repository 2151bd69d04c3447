using System.Text;

namespace DashStream;

/// <summary>A dead letter as it lies in its topic: ours, or one of the original, which has no headers. Immutable.</summary>
public sealed class StoredDeadLetter
{
    private StoredDeadLetter(StreamRecord record, DeadLetterDocument document)
    {
        Record = record;
        Document = document;
    }

    /// <summary>The letter's own record, not that of the message.</summary>
    public StreamRecord Record { get; }

    /// <summary>What its JSON says.</summary>
    public DeadLetterDocument Document { get; }

    /// <summary>Its id: the trace id. It stays when the letter is edited.</summary>
    public string Id => Document.TraceId;

    /// <summary>Where the letter lies, or null when it was not read from a log.</summary>
    public StreamPosition? Position => Record.Position;

    /// <summary>Where the message failed; told from the error type where the header is absent.</summary>
    public DeadLetterStage Stage => DeadLetterHeaderReader.Stage(Record.Headers) ?? DeadLetterErrors.StageOf(Document.ErrorType);

    /// <summary>Kind and text of the error, shortened; the document's error where the header is absent.</summary>
    public string Reason => DeadLetterHeaderReader.Text(Record.Headers, DeadLetterHeaders.Reason) ?? Document.Error;

    /// <summary>How often it was tried, or null when that is not known.</summary>
    public int? Attempts => DeadLetterHeaderReader.Number(Record.Headers, DeadLetterHeaders.Attempts);

    /// <summary>How many dead letters lie in one another: 1 for a message.</summary>
    public int Hops => DeadLetterHeaderReader.Number(Record.Headers, DeadLetterHeaders.Hops) ?? 1;

    /// <summary>How often the letter was edited.</summary>
    public int Edits => DeadLetterHeaderReader.Number(Record.Headers, DeadLetterHeaders.Edit) ?? 0;

    /// <summary>Where in the code the error came up, or null.</summary>
    public string? Stack => DeadLetterHeaderReader.Text(Record.Headers, DeadLetterHeaders.Stack);

    /// <summary>The message's key; of an original's letter its thread, which is what the original used as a key. Empty when there was none.</summary>
    public ReadOnlyMemory<byte> OriginalKey
    {
        get
        {
            if (Record.Headers.TryGet(DeadLetterHeaders.Key, out var key))
            {
                return key.Value;
            }

            return HasHeaders || Document.ThreadId is null ? default : Encoding.UTF8.GetBytes(Document.ThreadId);
        }
    }

    /// <summary>The message's headers, in order.</summary>
    public StreamHeaders OriginalHeaders => DeadLetterHeaderReader.Original(Record.Headers);

    /// <summary>The message's record time in microseconds since the Unix epoch, or 0 when it is not known.</summary>
    public long OriginalTimestampUs => DeadLetterHeaderReader.Long(Record.Headers, DeadLetterHeaders.Timestamp) ?? 0;

    /// <summary>Where the message lay in its source topic, or null when it was not stored there.</summary>
    public StreamPosition? SourcePosition
    {
        get
        {
            if (StreamPosition.TryParse(DeadLetterHeaderReader.Text(Record.Headers, DeadLetterHeaders.Position), null, out var position))
            {
                return position;
            }

            return !HasHeaders && Document is { SourcePartition: >= 0, SourceOffset: >= 0 }
                ? new StreamPosition(Document.SourcePartition, (UInt128)Document.SourceOffset)
                : null;
        }
    }

    /// <summary>The partition that the message lay in or was bound for; null when its key was to decide, or is another since an edit.</summary>
    public int? OriginalPartition => Record.Headers.TryGet(DeadLetterHeaders.KeyEdited, out _)
        ? null
        : SourcePosition?.Partition ?? DeadLetterHeaderReader.Number(Record.Headers, DeadLetterHeaders.TargetPartition);

    /// <summary>How often the message had been sent again before it failed this time.</summary>
    public int ReplayCount => DeadLetterHeaderReader.Number(OriginalHeaders, DeadLetterHeaders.ReplayCount) ?? 0;

    /// <summary>Whether the message was a tombstone: its payload null, not empty.</summary>
    public bool IsTombstone => Record.Headers.TryGet(DeadLetterHeaders.Tombstone, out _);

    private bool HasHeaders => Record.Headers.TryGet(DeadLetterHeaders.Stage, out _);

    /// <summary>Reads a dead letter's record.</summary>
    /// <exception cref="StreamException">The record is no dead letter (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public static StoredDeadLetter Parse(StreamRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Value is { } json
            ? new StoredDeadLetter(record, DeadLetterDocument.Parse(json))
            : throw new StreamException(StreamErrorKind.Corrupt, "The record is not the JSON of a dead letter: it has no value.");
    }

    /// <summary>The message's record as it was: key, bytes, headers, time, partition. Without a position.</summary>
    /// <exception cref="StreamException">The letter holds the beginning of the payload only (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public StreamRecord ToOriginal() => Document.IsTruncated
        ? throw new StreamException(StreamErrorKind.TooLarge,
            $"Dead letter '{Id}' holds {Document.Payload.Length} of {Document.FullSizeBytes} bytes of its payload, so the message cannot be restored from it.")
        : ToOriginal(IsTombstone ? (ReadOnlyMemory<byte>?)null : Document.Payload);

    /// <summary>The message's record with a payload from elsewhere.</summary>
    internal StreamRecord ToOriginal(ReadOnlyMemory<byte>? payload) =>
        new(OriginalKey, payload, OriginalHeaders, OriginalTimestampUs) { TargetPartition = OriginalPartition };

    /// <summary>The letter with another payload, key or headers, as its next edit.</summary>
    internal StreamRecord ToEdited(StreamRecord message)
    {
        var kept = Record.Headers.Where(header => !DeadLetterHeaderReader.IsOriginal(header)
            && !Replaced.Contains(header.Name, StringComparer.OrdinalIgnoreCase));
        List<StreamHeader> headers = [.. kept, new(DeadLetterHeaders.Edit, (Edits + 1).ToString(System.Globalization.CultureInfo.InvariantCulture))];
        if (!HasHeaders)
        {
            headers.Add(new(DeadLetterHeaders.Stage, DeadLetterHeaderReader.NameOf(Stage)));
            headers.AddRange(SourcePosition is { } position ? [new(DeadLetterHeaders.Position, position.ToString())] : []);
        }

        if (!message.Key.Span.SequenceEqual(OriginalKey.Span) && !Record.Headers.TryGet(DeadLetterHeaders.KeyEdited, out _))
        {
            headers.Add(new(DeadLetterHeaders.KeyEdited, "1"));
        }

        headers.AddRange(message.Key.IsEmpty ? [] : [new(DeadLetterHeaders.Key, message.Key)]);
        headers.AddRange(message.Value is null ? [new(DeadLetterHeaders.Tombstone, "1")] : []);
        headers.AddRange(message.Headers.Select(header => new StreamHeader(DeadLetterHeaders.OriginalPrefix + header.Name, header.Value)));
        var document = Document.WithPayload(message.Value ?? default);
        return new StreamRecord(Record.Key, document.ToJson(), StreamHeaders.Create([.. headers]));
    }

    private static readonly string[] Replaced = [DeadLetterHeaders.Edit, DeadLetterHeaders.Key, DeadLetterHeaders.Tombstone];
}
