using System.Text;
using Google.Protobuf;

namespace DashStream.AgUi;

/// <summary>The tool calls of a run: names, and the arguments that have come so far.</summary>
internal sealed class AgUiCalls(int maxBytes)
{
    private const int Depth = 1000;

    private readonly Dictionary<string, string> _names = [];
    private readonly Dictionary<string, StringBuilder> _arguments = [];
    private long _held;

    public void Start(string call, string? name)
    {
        if (name is not null)
        {
            _names[call] = name;
        }
    }

    public void Add(string call, string? delta)
    {
        if (string.IsNullOrEmpty(delta))
        {
            return;
        }

        _held += Encoding.UTF8.GetByteCount(delta);
        if (_held > maxBytes)
        {
            throw new StreamException(StreamErrorKind.TooLarge, $"The open tool calls have more than {maxBytes} bytes of arguments (MaxArgumentBytes); raise it or end calls earlier.");
        }

        if (!_arguments.TryGetValue(call, out var text))
        {
            _arguments[call] = text = new StringBuilder();
        }

        text.Append(delta);
    }

    /// <summary>The arguments as JSON; what is none, as a JSON text.</summary>
    public ByteString End(string call)
    {
        if (!_arguments.Remove(call, out var text))
        {
            return ByteString.Empty;
        }

        var arguments = text.ToString();
        _held -= Encoding.UTF8.GetByteCount(arguments);
        return JsonOf(arguments);
    }

    public string NameOf(string call) => _names.GetValueOrDefault(call, "");

    public void Clear()
    {
        _names.Clear();
        _arguments.Clear();
        _held = 0;
    }

    /// <summary>A result as JSON: the text where it is JSON, else the text as JSON text; parts as they are.</summary>
    public static ByteString ResultOf(string? text, ReadOnlyMemory<byte> content) => text is null ? ByteString.CopyFrom(content.Span) : JsonOf(text);

    private static ByteString JsonOf(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return UnsafeByteOperations.UnsafeWrap(JsonScalar.IsJson(bytes, Depth) ? bytes : JsonScalar.Quote(text));
    }
}
