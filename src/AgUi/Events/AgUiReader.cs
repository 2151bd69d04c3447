using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>
/// Reads recorded AG-UI streams: JSON lines, a JSON array, or server-sent events with their comments and other lines, told apart by how they begin. A byte
/// order mark is passed over. Safe to call concurrently.
/// </summary>
public static class AgUiReader
{
    private const byte LineFeed = (byte)'\n';

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the events of a stream that is in memory, one by one as they are asked for.</summary>
    /// <param name="stream">The stream in UTF-8. Events refer to it: leave it alone as long as they are used.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="AgUiException">An event cannot be read; thrown when its turn comes.</exception>
    public static IEnumerable<AgUiEvent> Read(ReadOnlyMemory<byte> stream, AgUiReaderOptions? options = null) => Read(stream, options, framing: null);

    internal static IEnumerable<AgUiEvent> Read(ReadOnlyMemory<byte> stream, AgUiReaderOptions? options, AgUiFraming? framing)
    {
        var used = AgUiReaderOptions.Checked(options);
        var text = stream.Span.StartsWith(ByteOrderMark) ? stream[ByteOrderMark.Length..] : stream;
        return BeginsArray(text.Span) ? ReadArray(text, used) : ReadLines(text, new AgUiLines(used, framing));
    }

    /// <summary>Reads the events of a stream as it comes. Lines are read one at a time; a JSON array is read whole, up to <see cref="AgUiReaderOptions.MaxEventBytes"/>.</summary>
    /// <param name="stream">The stream in UTF-8; it stays open.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="AgUiException">An event cannot be read.</exception>
    public static IAsyncEnumerable<AgUiEvent> ReadAsync(Stream stream, AgUiReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ReadAsync(stream, AgUiReaderOptions.Checked(options), null, cancellationToken);
    }

    internal static async IAsyncEnumerable<AgUiEvent> ReadAsync(
        Stream stream, AgUiReaderOptions used, AgUiFraming? framing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        var lines = new AgUiLines(used, framing);
        var isFirst = true;
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            var rest = read.Buffer;
            if (isFirst && (rest.Length >= ByteOrderMark.Length || read.IsCompleted))
            {
                rest = WithoutMark(rest);
                isFirst = BeginsBlank(rest) && !read.IsCompleted;
                lines.IsArray = BeginsArray(rest.FirstSpan);
            }

            while (!lines.IsArray && !isFirst && NextLine(ref rest, read.IsCompleted, used, lines.Index) is { } line)
            {
                if (lines.Push(line) is { } found)
                {
                    yield return found;
                }
            }

            if (read.IsCompleted)
            {
                foreach (var found in lines.IsArray ? ReadArray(rest.ToArray(), used) : lines.End())
                {
                    yield return found;
                }

                break;
            }

            CheckLength(rest.Length, used, lines.Index);
            pipe.AdvanceTo(rest.Start, rest.End);
        }

        await pipe.CompleteAsync().ConfigureAwait(false);
    }

    private static IEnumerable<AgUiEvent> ReadLines(ReadOnlyMemory<byte> text, AgUiLines lines)
    {
        while (!text.IsEmpty)
        {
            var end = text.Span.IndexOf(LineFeed);
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (lines.Push(line) is { } found)
            {
                yield return found;
            }
        }

        foreach (var found in lines.End())
        {
            yield return found;
        }
    }

    private static List<AgUiEvent> ReadArray(ReadOnlyMemory<byte> text, AgUiReaderOptions options)
    {
        var events = new List<AgUiEvent>();
        try
        {
            var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { MaxDepth = options.MaxDepth + 1 });
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (AgUiLines.Parse(text[start..(int)reader.BytesConsumed], options, events.Count) is { } found)
                {
                    events.Add(found);
                }
            }

            reader.Read();
        }
        catch (JsonException e)
        {
            throw new AgUiException(StreamErrorKind.Corrupt, AgUiRule.NotJson, events.Count, null,
                $"the array of events is not JSON there (line {e.LineNumber + 1}); send a whole array, or one event a line", e);
        }

        return events;
    }

    private static byte[]? NextLine(ref ReadOnlySequence<byte> rest, bool isLast, AgUiReaderOptions options, long index)
    {
        if (rest.PositionOf(LineFeed) is { } end)
        {
            var line = rest.Slice(0, end);
            CheckLength(line.Length, options, index);
            rest = rest.Slice(rest.GetPosition(1, end));
            return line.ToArray();
        }

        if (!isLast || rest.IsEmpty)
        {
            return null;
        }

        var last = rest.ToArray();
        rest = rest.Slice(rest.End);
        return last;
    }

    private static void CheckLength(long bytes, AgUiReaderOptions options, long index)
    {
        // The bytes around an event, such as "data: ", are few.
        if (bytes > (long)options.MaxEventBytes + 100)
        {
            throw new AgUiException(StreamErrorKind.TooLarge, AgUiRule.NotJson, index, null, $"a line is longer than {options.MaxEventBytes} bytes (MaxEventBytes)");
        }
    }

    private static ReadOnlySequence<byte> WithoutMark(ReadOnlySequence<byte> text)
    {
        Span<byte> first = stackalloc byte[ByteOrderMark.Length];
        if (text.Length < first.Length)
        {
            return text;
        }

        text.Slice(0, first.Length).CopyTo(first);
        return first.SequenceEqual(ByteOrderMark) ? text.Slice(first.Length) : text;
    }

    private static bool BeginsBlank(ReadOnlySequence<byte> text) => text.FirstSpan.TrimStart(" \t\r\n"u8).IsEmpty;

    private static bool BeginsArray(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n"u8).StartsWith((byte)'[');
}
