using System.Globalization;
using System.Text;
using DashStream.Protocol;
using Body = DashStream.Protocol.DashStreamMessage.MessageOneofCase;

namespace DashStream.Analysis;

/// <summary>
/// Messages as lines for people: number, time, and what happened, indented by graph and node. Control characters of the data never reach the terminal, and
/// long texts are cut. Safe for concurrent use.
/// </summary>
public static class TimelineText
{
    /// <summary>Longest text of one value, in characters, unless another is asked for: 100.</summary>
    public const int DefaultWidth = 100;

    private const int NamesOfBatch = 5;
    private const string InNode = "  ";
    private const string InStep = "    ";

    /// <summary>The line of a message, without a line end.</summary>
    /// <param name="message">The message.</param>
    /// <param name="width">Longest text of one value, in characters; at least 10.</param>
    public static string Line(DashStreamMessage message, int width = DefaultWidth)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 10);
        var header = MessageParts.HeaderOf(message);
        var time = header is null ? "-" : Clock(header.TimestampUs);
        return string.Create(CultureInfo.InvariantCulture, $"{header?.Sequence ?? 0,5}  {time,-15}  {What(message, width)}");
    }

    /// <summary>
    /// The lines of messages in order, where pieces of one streamed output that follow each other become one line: it has the number and time of the first.
    /// </summary>
    /// <param name="messages">The messages of one thread.</param>
    /// <param name="width">Longest text of one value, in characters; at least 10.</param>
    public static IEnumerable<string> Lines(IEnumerable<DashStreamMessage> messages, int width = DefaultWidth)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var pieces = new List<TokenChunk>();
        foreach (var message in messages)
        {
            if (pieces.Count > 0 && message.TokenChunk?.RequestId != pieces[0].RequestId)
            {
                yield return Line(Joined(pieces), width);
                pieces.Clear();
            }

            if (message.TokenChunk is { } piece)
            {
                pieces.Add(piece);
            }
            else
            {
                yield return Line(message, width);
            }
        }

        if (pieces.Count > 0)
        {
            yield return Line(Joined(pieces), width);
        }
    }

    /// <summary>Text made safe to print: in one line, control characters as visible signs, cut at <paramref name="width"/>.</summary>
    public static string Plain(string text, int width = DefaultWidth)
    {
        ArgumentNullException.ThrowIfNull(text);
        var plain = new StringBuilder(Math.Min(text.Length, width) + 1);
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length >= width)
            {
                return plain.Append('…').ToString();
            }

            _ = rune.Value switch
            {
                '\n' => plain.Append('⏎'),
                '\r' => plain,
                '\t' => plain.Append(' '),
                _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                    ? plain.Append('·')
                    : plain.Append(rune.ToString()),
            };
        }

        return plain.ToString();
    }

    private static string Clock(long timestampUs)
    {
        var iso = WireTime.Iso(timestampUs);
        return iso == "invalid"
            ? iso
            : DateTime.UnixEpoch.AddTicks(timestampUs * TimeSpan.TicksPerMicrosecond).ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
    }

    private static string What(DashStreamMessage message, int width) => message.MessageCase switch
    {
        Body.Event => OfEvent(message.Event, width),
        Body.TokenChunk => OfTokens(message.TokenChunk, width),
        Body.StateDiff => OfStateDiff(message.StateDiff, width),
        Body.ToolExecution => OfTool(message.ToolExecution, width),
        Body.Metrics => OfMetrics(message.Metrics, width),
        Body.Error => $"{InStep}error {WireNames.Of(message.Error.Severity)} {Plain(message.Error.ErrorCode, width)} {Plain(message.Error.Message, width)}",
        Body.Checkpoint => $"{InStep}checkpoint {JsonMembers.Id(message.Checkpoint.CheckpointId)}",
        Body.EventBatch => OfBatch(message.EventBatch),
        Body.ExecutionTrace => OfTrace(message.ExecutionTrace),
        _ => "(empty)",
    };

    private static string OfEvent(Event body, int width)
    {
        var indent = body.EventType switch
        {
            EventType.GraphStart or EventType.GraphEnd or EventType.GraphError => "",
            EventType.NodeStart or EventType.NodeEnd or EventType.NodeError => InNode,
            _ => InStep,
        };
        var line = new StringBuilder(indent).Append(WireNames.Of(body.EventType));
        if (body.NodeId.Length > 0)
        {
            line.Append(' ').Append(Plain(body.NodeId, width));
        }

        foreach (var (name, value) in body.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            line.Append("  ").Append(Plain($"{name}={AttributeText(value)}", width));
        }

        return line.Append(Duration(body.DurationUs)).ToString();
    }

    private static TokenChunk Joined(List<TokenChunk> pieces)
    {
        var joined = pieces[^1].Clone();
        joined.Header = pieces[0].Header;
        joined.Text = string.Concat(pieces.Select(piece => piece.Text));
        return joined;
    }

    private static string OfTokens(TokenChunk body, int width)
    {
        var count = body is { IsFinal: true, ChunkIndex: > 0 } ? string.Create(CultureInfo.InvariantCulture, $", {body.ChunkIndex + 1} pieces") : "";
        return $"{InStep}tokens \"{Plain(body.Text, width)}\"{(body.IsFinal ? $" (last{count})" : "")}";
    }

    private static string OfStateDiff(StateDiff body, int width)
    {
        if (!body.FullState.IsEmpty)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{InStep}state, whole: {body.FullState.Length} bytes");
        }

        var first = body.Operations.Count == 0 ? "" : $": {body.Operations[0].Op.ToString().ToLowerInvariant()} {Plain(body.Operations[0].Path, width)}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{InStep}state, {body.Operations.Count} {(body.Operations.Count == 1 ? "change" : "changes")}{first}");
    }

    private static string OfTool(ToolExecution body, int width)
    {
        var detail = body switch
        {
            { Error.Length: > 0 } => body.Error,
            { Result.IsEmpty: false } => body.Result.ToStringUtf8(),
            _ => body.Arguments.ToStringUtf8(),
        };
        var retry = body.RetryCount == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (try {body.RetryCount + 1})");
        return $"{InStep}tool {Plain(body.ToolName, width)} {WireNames.Of(body.Stage)}{retry} {Plain(detail, width)}{Duration(body.DurationUs)}".TrimEnd();
    }

    private static string OfMetrics(Metrics body, int width)
    {
        var values = body.Metrics_.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Plain($"{pair.Key}={MetricText(pair.Value)}", width));
        return $"{InNode}metrics {Plain(body.Scope, width)} {string.Join(' ', values)}";
    }

    private static string OfBatch(EventBatch body)
    {
        var names = string.Join(", ", body.Events.Take(NamesOfBatch).Select(inner => WireNames.Of(inner.EventType)));
        var more = body.Events.Count > NamesOfBatch ? ", …" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{InStep}batch of {body.Events.Count} events: {names}{more}");
    }

    private static string OfTrace(ExecutionTrace body) => string.Create(CultureInfo.InvariantCulture,
        $"trace of {body.NodesExecuted.Count} nodes, {body.TotalTokens} tokens, {(body.Completed ? "completed" : "not completed")}");

    private static string Duration(long durationUs) =>
        durationUs <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"  [{durationUs / 1000.0:0.###} ms]");

    private static string MetricText(MetricValue value) => value.ValueCase switch
    {
        MetricValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        MetricValue.ValueOneofCase.FloatValue => value.FloatValue.ToString(CultureInfo.InvariantCulture),
        MetricValue.ValueOneofCase.StringValue => value.StringValue,
        MetricValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        _ => "?",
    };

    private static string AttributeText(AttributeValue value) => value.ValueCase switch
    {
        AttributeValue.ValueOneofCase.StringValue => value.StringValue,
        AttributeValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AttributeValue.ValueOneofCase.FloatValue => value.FloatValue.ToString(CultureInfo.InvariantCulture),
        AttributeValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AttributeValue.ValueOneofCase.BytesValue => string.Create(CultureInfo.InvariantCulture, $"({value.BytesValue.Length} bytes)"),
        AttributeValue.ValueOneofCase.ArrayValue => $"[{string.Join(", ", value.ArrayValue.Values.Take(10).Select(AttributeText))}]",
        AttributeValue.ValueOneofCase.MapValue => "{…}",
        _ => "?",
    };
}
