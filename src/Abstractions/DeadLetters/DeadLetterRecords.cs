using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace DashStream;

/// <summary>Makes the record of a dead letter: the original's JSON under its trace id, and headers with all that the JSON has no place for.</summary>
internal sealed class DeadLetterRecords(DeadLetterOptions options, TimeProvider time)
{
    // Room for the members that a cut payload adds to the JSON.
    private const int CutMembersBytes = 256;

    private readonly DeadLetterErrors _errors = new(options.Scrub, options.MaxErrorLength);

    public string TopicOf(DeadLetter letter) => options.Topic ?? Beside(letter.SourceTopic);

    /// <summary>How deep the letter would lie in others: 1 for a message.</summary>
    public static int HopsOf(DeadLetter letter) => letter.Record.Headers.TryGet(DeadLetterHeaders.Stage, out _)
        ? 1 + Math.Max(1, DeadLetterHeaderReader.Number(letter.Record.Headers, DeadLetterHeaders.Hops) ?? 1)
        : 1;

    /// <summary>The record; what makes it larger than the limit is left out: first the stack, then the end of the payload, then the original's headers.</summary>
    public StreamRecord Create(DeadLetter letter, long maxRecordBytes)
    {
        var text = _errors.TextOf(letter.Error);
        var document = DocumentOf(letter, text);
        var core = CoreHeaders(letter, text);
        var own = OriginalHeaders(letter.Record);
        List<StreamHeader> stack = _errors.StackOf(letter.Error) is { } at ? [new StreamHeader(DeadLetterHeaders.Stack, Storable(at))] : [];
        var record = RecordOf(document, [.. core, .. stack, .. own], letter);
        if (record.SizeBytes <= maxRecordBytes)
        {
            return record;
        }

        record = RecordOf(document, [.. core, .. own], letter);
        if (record.SizeBytes <= maxRecordBytes)
        {
            return record;
        }

        var room = maxRecordBytes - (record.SizeBytes - Base64.GetMaxEncodedToUtf8Length(document.Payload.Length)) - CutMembersBytes;
        if (room > 0)
        {
            return RecordOf(Cut(document, letter, room), [.. core, .. own], letter);
        }

        List<StreamHeader> bare = [.. core, Number(DeadLetterHeaders.HeadersLeftOut, own.Count)];
        record = RecordOf(document, bare, letter);
        room = maxRecordBytes - (record.SizeBytes - Base64.GetMaxEncodedToUtf8Length(document.Payload.Length)) - CutMembersBytes;
        return record.SizeBytes <= maxRecordBytes ? record : RecordOf(Cut(document, letter, Math.Max(0, room)), bare, letter);
    }

    // The longest names leave no room for more; a hash keeps two of them apart.
    private static string Beside(string topic)
    {
        const string Suffix = ".dlq";
        const int HashDigits = 16;
        if (topic.Length + Suffix.Length <= StreamNames.MaxLength)
        {
            return topic + Suffix;
        }

        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(topic)))[..HashDigits];
        return $"{topic.AsSpan(0, StreamNames.MaxLength - Suffix.Length - HashDigits - 1)}-{hash}{Suffix}";
    }

    private static DeadLetterDocument Cut(DeadLetterDocument document, DeadLetter letter, long room) =>
        document.WithPayload(letter.Record.Value ?? default, (int)Math.Min(room / 4 * 3, DeadLetterDocument.MaxPayloadBytes));

    private static StreamRecord RecordOf(DeadLetterDocument document, List<StreamHeader> headers, DeadLetter letter) =>
        new(Encoding.UTF8.GetBytes(document.TraceId), document.ToJson(), StreamHeaders.Create(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(headers)));

    private DeadLetterDocument DocumentOf(DeadLetter letter, string error)
    {
        var header = letter.Message is null ? null : MessageParts.HeaderOf(letter.Message);
        var (trace, span) = TraceOf(letter.Record.Headers);
        var position = letter.Record.Position;
        return new DeadLetterDocument
        {
            Payload = default,
            Error = error,
            SourceTopic = letter.SourceTopic,
            SourcePartition = position?.Partition ?? -1,
            SourceOffset = position is { } at && at.Offset <= long.MaxValue ? (long)at.Offset : -1,
            Timestamp = DeadLetterTime.Text(time.GetUtcNow()),
            ConsumerId = letter.ClientId,
            ThreadId = header is null ? KeyText(letter.Record.Key) : Known(header.ThreadId),
            TenantId = Known(header?.TenantId),
            ErrorType = DeadLetterErrors.TypeOf(letter),
            TraceId = Chance.NewId().ToString(),
            NodeId = Known(letter.Message?.Event?.NodeId),
            ParentTraceId = trace,
            SpanId = span,
        }.WithPayload(letter.Record.Value ?? default);
    }

    private static List<StreamHeader> CoreHeaders(DeadLetter letter, string error)
    {
        var record = letter.Record;
        List<StreamHeader> headers =
        [
            new(DeadLetterHeaders.Stage, DeadLetterHeaderReader.NameOf(letter.Stage)),
            new(DeadLetterHeaders.Reason, Storable(DeadLetterErrors.ReasonOf(letter.Error, error))),
            Number(DeadLetterHeaders.Attempts, letter.Attempts),
            Number(DeadLetterHeaders.Hops, HopsOf(letter)),
        ];
        if (record.Position is { } position)
        {
            headers.Add(new StreamHeader(DeadLetterHeaders.Position, position.ToString()));
        }

        if (record.TargetPartition is { } target)
        {
            headers.Add(Number(DeadLetterHeaders.TargetPartition, target));
        }

        if (!record.Key.IsEmpty)
        {
            headers.Add(new StreamHeader(DeadLetterHeaders.Key, record.Key));
        }

        if (record.TimestampUs != 0)
        {
            headers.Add(Number(DeadLetterHeaders.Timestamp, record.TimestampUs));
        }

        if (record.Value is null)
        {
            headers.Add(new StreamHeader(DeadLetterHeaders.Tombstone, "1"));
        }

        return headers;
    }

    private static List<StreamHeader> OriginalHeaders(StreamRecord record) =>
        [.. record.Headers.Select(header => new StreamHeader(DeadLetterHeaders.OriginalPrefix + header.Name, header.Value))];

    private static StreamHeader Number(string name, long value) => new(name, value.ToString(CultureInfo.InvariantCulture));

    // An error's text may hold half a surrogate pair, which no header takes.
    private static byte[] Storable(string text) => Encoding.UTF8.GetBytes(text);

    private static string? Known(string? text) => string.IsNullOrEmpty(text) ? null : text;

    // A message's key is its thread: the only thing known of one that cannot be decoded.
    private static string? KeyText(ReadOnlyMemory<byte> key)
    {
        const int LongestThread = 1024;
        return key.Length is > 0 and <= LongestThread && System.Text.Unicode.Utf8.IsValid(key.Span) ? Encoding.UTF8.GetString(key.Span) : null;
    }

    private static (string? Trace, string? Span) TraceOf(StreamHeaders headers)
    {
        if (headers.TryGet("traceparent", out var parent) && ActivityContext.TryParse(parent.Text, null, out var context))
        {
            return (context.TraceId.ToHexString(), context.SpanId.ToHexString());
        }

        return Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
            ? (activity.TraceId.ToHexString(), activity.SpanId.ToHexString())
            : (null, null);
    }
}
