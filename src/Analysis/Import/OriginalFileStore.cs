using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>
/// Reads the file store of the original (dashflow-streaming): a <c>TOPIC.jsonl</c> a topic, and a file a group under <c>.offsets</c>. Never writes to it.
/// Positions are line positions; the lines' own offset member is not trusted, as the original does not trust it either. Safe for concurrent use.
/// </summary>
/// <param name="directory">The store's folder.</param>
public sealed class OriginalFileStore(string directory)
{
    private const string Extension = ".jsonl";
    private const int MaxLineBytes = 64 * 1024 * 1024;

    /// <summary>The topics, sorted.</summary>
    /// <exception cref="ImportException">There is no such folder, or it cannot be read.</exception>
    public IReadOnlyList<string> Topics() => Guard(directory, () =>
    {
        var names = Directory.EnumerateFiles(directory, "*" + Extension).Select(path => Path.GetFileNameWithoutExtension(path));
        return (IReadOnlyList<string>)[.. names.Order(StringComparer.Ordinal)];
    });

    /// <summary>The groups that have committed in a topic, sorted, and files that could not be understood.</summary>
    /// <exception cref="ImportException">The folder cannot be read.</exception>
    public (IReadOnlyList<OriginalGroup> Groups, IReadOnlyList<ImportException> Faults) Groups(string topic)
    {
        var offsets = Path.Combine(directory, ".offsets");
        if (!Directory.Exists(offsets))
        {
            return ([], []);
        }

        var groups = new List<OriginalGroup>();
        var faults = new List<ImportException>();
        foreach (var path in Guard(offsets, () => Directory.GetFiles(offsets, "*.json")).Order(StringComparer.Ordinal))
        {
            try
            {
                if (Committed(path, topic) is { } next)
                {
                    groups.Add(new OriginalGroup(Path.GetFileNameWithoutExtension(path), next));
                }
            }
            catch (ImportException e)
            {
                faults.Add(e);
            }
        }

        return (groups, faults);
    }

    /// <summary>The lines of a topic, in order, bad ones with their fault. Ends at the end of the file as it is when it is reached.</summary>
    /// <exception cref="ImportException">There is no such file, or it cannot be read.</exception>
    public async IAsyncEnumerable<OriginalEntry> ReadAsync(string topic, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        var path = Path.Combine(directory, topic + Extension);
        var stream = Guard(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, useAsync: true));
        await using (stream.ConfigureAwait(false))
        {
            var lines = LineReader.ReadAsync(stream, MaxLineBytes, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using (lines.ConfigureAwait(false))
            {
                while (await NextAsync(lines, path).ConfigureAwait(false))
                {
                    yield return Parse(lines.Current);
                }
            }
        }
    }

    private static OriginalEntry Parse(TextLine line)
    {
        var place = $"line {line.Number}";
        if (line.IsTooLong)
        {
            return Bad($"it is longer than {MaxLineBytes} bytes");
        }

        try
        {
            var reader = new Utf8JsonReader(line.Bytes.Span);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.String)
            {
                return Bad("it is not an object with a data text");
            }

            if (!data.TryGetBytesFromBase64(out var bytes))
            {
                return Bad("its data is not base64");
            }

            return new OriginalEntry(place, line.Number - 1, Time(root), bytes, null);
        }
        catch (JsonException)
        {
            return Bad(line.IsEnded ? "it is not valid JSON" : "it is torn: no line end and not valid JSON");
        }

        OriginalEntry Bad(string fault) => new(place, line.Number - 1, 0, default, fault);
    }

    private static long Time(JsonElement line) =>
        line.TryGetProperty("timestamp_us", out var time) && time.ValueKind == JsonValueKind.Number && time.TryGetInt64(out var us) ? Math.Max(us, 0) : 0;

    private static long? Committed(string path, string topic)
    {
        try
        {
            using var document = JsonDocument.Parse(Guard(path, () => File.ReadAllBytes(path)));
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("offsets", out var offsets)
                || offsets.ValueKind != JsonValueKind.Object)
            {
                throw new ImportException(path, null, "offsets", "is not a map from topic to position");
            }

            if (!offsets.TryGetProperty(topic, out var next))
            {
                return null;
            }

            return next.ValueKind == JsonValueKind.Number && next.TryGetInt64(out var value) && value >= 0
                ? value
                : throw new ImportException(path, null, $"offsets.{topic}", "is not a line number");
        }
        catch (JsonException e)
        {
            throw new ImportException(path, null, null, "is not valid JSON", e);
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<TextLine> lines, string path)
    {
        try
        {
            return await lines.MoveNextAsync().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw Unreadable(path, e);
        }
    }

    private static ImportException Unreadable(string path, Exception e) =>
        new(path, null, null, $"cannot be read: {e.Message.TrimEnd('.')}", e);

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(path, e);
        }
    }
}
