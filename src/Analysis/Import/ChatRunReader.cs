using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>
/// Reads chat trajectories in the form that OpenAI's API gave the field: an array of runs, an array of messages, one object with its messages, or JSON
/// Lines with a run a line. Holds one run at a time (an array of plain messages is one run), so a source may be larger than memory. Safe for concurrent use.
/// </summary>
public static class ChatRunReader
{
    /// <summary>Largest single run, in bytes of JSON text: 256 MiB.</summary>
    public const int MaxRunBytes = 256 * 1024 * 1024;

    private const int ProbeBytes = 64 * 1024;

    private static readonly JsonSerializerOptions Json = new() { MaxDepth = 128 };

    /// <summary>Reads a file from its start to its end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Runs and faulty runs, in the order of the file. A faulty run does not end the reading.</returns>
    /// <exception cref="ImportException">The file cannot be opened, or reading cannot go on behind a fault (the JSON text of an array is broken).</exception>
    public static async IAsyncEnumerable<ChatRunItem> ReadFileAsync(
        string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var stream = Open(path);
        await using (stream.ConfigureAwait(false))
        {
            await foreach (var item in ReadAsync(stream, path, cancellationToken).ConfigureAwait(false))
            {
                yield return item;
            }
        }
    }

    /// <summary>Reads a stream from where it stands to its end.</summary>
    /// <param name="source">UTF-8 JSON text; a byte order mark is skipped. Not disposed here.</param>
    /// <param name="name">The name to use in errors.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Runs and faulty runs, in order.</returns>
    /// <exception cref="ImportException">Reading cannot go on behind a fault.</exception>
    public static async IAsyncEnumerable<ChatRunItem> ReadAsync(
        Stream source, string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(name);

        var head = new byte[ProbeBytes];
        var length = await source.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var shape = ChatSourceShape.Of(head.AsSpan(0, length), isWhole: length < head.Length, name);
        using var whole = new PrefixedStream(head.AsMemory(shape.Start, length - shape.Start), source);

        var items = shape.IsLines
            ? ReadLinesAsync(whole, name, cancellationToken)
            : ReadValuesAsync(whole, name, topLevelValues: !shape.IsArray, cancellationToken);
        await foreach (var item in items.ConfigureAwait(false))
        {
            yield return item;
        }
    }

    private static async IAsyncEnumerable<ChatRunItem> ReadValuesAsync(
        Stream source, string name, bool topLevelValues, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long number = 0;
        List<JsonElement>? plain = null;
        await foreach (var element in ElementsAsync(source, name, topLevelValues, cancellationToken).ConfigureAwait(false))
        {
            if (number == 0 && !topLevelValues && ChatRunParser.IsMessage(element))
            {
                plain = [];
            }

            number++;
            if (plain is not null)
            {
                plain.Add(element);
                continue;
            }

            yield return Item(number, () => ChatRunParser.ParseRun(element, number, name));
        }

        if (plain is not null)
        {
            yield return Item(1, () => ChatRunParser.ParseMessages(plain, name));
        }
    }

    private static async IAsyncEnumerable<JsonElement> ElementsAsync(
        Stream source, string name, bool topLevelValues, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long read = 0;
        var elements = JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(source, topLevelValues, Json, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        await using (elements.ConfigureAwait(false))
        {
            while (true)
            {
                try
                {
                    if (!await elements.MoveNextAsync().ConfigureAwait(false))
                    {
                        yield break;
                    }
                }
                catch (JsonException e)
                {
                    throw new ImportException(name, read + 1, null, $"the JSON text is broken or torn ({Place(e)}); runs before it are whole", e);
                }
                catch (IOException e)
                {
                    throw new ImportException(name, read + 1, null, $"reading failed: {e.Message}", e);
                }

                read++;
                yield return elements.Current;
            }
        }
    }

    private static async IAsyncEnumerable<ChatRunItem> ReadLinesAsync(
        Stream source, string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long number = 0;
        await foreach (var line in LineReader.ReadAsync(source, MaxRunBytes, cancellationToken).ConfigureAwait(false))
        {
            if (line.IsBlank)
            {
                continue;
            }

            number++;
            var n = number;
            yield return Item(n, () => ParseLine(line, n, name));
        }
    }

    private static ChatRun ParseLine(TextLine line, long number, string name)
    {
        if (line.IsTooLong)
        {
            throw new ImportException(name, number, null, $"line {line.Number} is longer than {MaxRunBytes} bytes");
        }

        try
        {
            var element = JsonElement.Parse(line.Bytes.Span, new JsonDocumentOptions { MaxDepth = Json.MaxDepth });
            return ChatRunParser.ParseRun(element, number, name);
        }
        catch (JsonException e)
        {
            var torn = line.IsEnded ? "is not valid JSON" : "is torn: it has no line end and is not valid JSON";
            throw new ImportException(name, number, null, $"line {line.Number} {torn} ({Place(e)})", e);
        }
    }

    private static ChatRunItem Item(long number, Func<ChatRun> parse)
    {
        try
        {
            return new ChatRunItem(number, parse(), null);
        }
        catch (ImportException e)
        {
            return new ChatRunItem(number, null, e);
        }
    }

    private static string Place(JsonException e) =>
        e.LineNumber is null ? "no place given" : $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, useAsync: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ImportException(path, null, null, $"the file cannot be opened: {e.Message.TrimEnd('.')}", e);
        }
    }
}
