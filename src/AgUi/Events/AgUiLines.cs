using System.Buffers;

namespace DashStream.AgUi;

/// <summary>Turns lines into events: a JSON object a line, or the <c>data</c> lines of server-sent events, which a blank line ends.</summary>
internal sealed class AgUiLines(AgUiReaderOptions options, AgUiFraming? framing = null)
{
    private readonly ArrayBufferWriter<byte> _data = new();
    private bool _hasData;
    private bool? _isJsonLines;

    /// <summary>How many events were read.</summary>
    public long Index { get; private set; }

    public bool IsArray { get; set; }

    public static AgUiEvent? Parse(ReadOnlyMemory<byte> json, AgUiReaderOptions options, long index)
    {
        try
        {
            return AgUiEventParser.Parse(json, options, index);
        }
        catch (AgUiException e) when (options.SkipMalformed?.Invoke(e) == true)
        {
            return null;
        }
    }

    /// <summary>Takes a line without its line feed; returns the event that it completes.</summary>
    public AgUiEvent? Push(ReadOnlyMemory<byte> line)
    {
        var text = line.Span.TrimEnd((byte)'\r');
        if (text.IsEmpty)
        {
            return Dispatch();
        }

        if (framing?.Drops(text) == true)
        {
            return null;
        }

        // Among JSON lines whatever is no field of server-sent events was meant as an event; among those, clients drop it.
        var isObject = text.TrimStart(" \t"u8).StartsWith((byte)'{');
        _isJsonLines ??= isObject ? true : AgUiFraming.IsField(text) ? false : null;
        if (!_hasData && (isObject || (_isJsonLines == true && !AgUiFraming.IsField(text) && !text.Trim(" \t"u8).IsEmpty)))
        {
            return Counted(line);
        }

        if (text.StartsWith("data:"u8) || text.SequenceEqual("data"u8))
        {
            AddData(text.Length <= 5 ? default : text[5..]);
        }

        return null;
    }

    /// <summary>What the end of the stream completes: the format drops an event that no blank line ended, a recording that was cut there is still read.</summary>
    public IEnumerable<AgUiEvent> End()
    {
        if (_hasData)
        {
            framing?.EndInside();
        }

        return Dispatch() is { } last ? [last] : [];
    }

    private void AddData(ReadOnlySpan<byte> value)
    {
        if (_hasData)
        {
            _data.Write("\n"u8);
        }

        _data.Write(value.StartsWith((byte)' ') ? value[1..] : value);
        _hasData = true;
        if (_data.WrittenCount > options.MaxEventBytes)
        {
            throw new AgUiException(StreamErrorKind.TooLarge, AgUiRule.NotJson, Index, null, $"an event is longer than {options.MaxEventBytes} bytes (MaxEventBytes)");
        }
    }

    private AgUiEvent? Dispatch()
    {
        var json = _data.WrittenSpan.ToArray();
        _data.ResetWrittenCount();
        _hasData = false;
        return json.Length == 0 ? null : Counted(json);
    }

    private AgUiEvent? Counted(ReadOnlyMemory<byte> json) => Parse(json, options, Index++);
}
