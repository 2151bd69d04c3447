namespace DashStream.AgUi;

/// <summary>Watches the lines of server-sent events: clients drop what is no field of them, so that an event without <c>data:</c> never arrives.</summary>
internal sealed class AgUiFraming(string? contentType, Action<AgUiRule, string, AgUiSeverity?> report)
{
    private bool? _isEventStream = contentType switch { null => null, "text/event-stream" => true, "application/x-ndjson" => false, _ => null };

    /// <summary>Whether clients drop the line; says so.</summary>
    public bool Drops(ReadOnlySpan<byte> line)
    {
        var isJson = line.TrimStart(" \t"u8) is [(byte)'{' or (byte)'[', ..];
        _isEventStream ??= isJson ? false : IsField(line) ? true : null;
        if (_isEventStream != true || line.IsEmpty || IsField(line))
        {
            return false;
        }

        if (isJson)
        {
            report(AgUiRule.Framing, "a line of JSON lacks the data: before it, so that clients drop it; send it as data", null);
        }
        else
        {
            report(AgUiRule.Framing, "a line is no field of server-sent events, so that clients drop it; send a comment with a colon before it", AgUiSeverity.Warning);
        }

        return true;
    }

    /// <summary>The stream ended inside an event. Recordings that were cut are read nonetheless; of an answer, clients drop it.</summary>
    public void EndInside()
    {
        if (contentType is not null && _isEventStream == true)
        {
            report(AgUiRule.Framing, "no blank line ends the last event, so that clients drop it; end each event with one", null);
        }
    }

    public static bool IsField(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        var name = colon < 0 ? line : line[..colon];
        return colon == 0 || name.SequenceEqual("data"u8) || name.SequenceEqual("event"u8) || name.SequenceEqual("id"u8) || name.SequenceEqual("retry"u8);
    }
}
