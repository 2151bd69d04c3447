using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DashStream;

/// <summary>JSON text with some values replaced by strings; every other byte stays as it was, numbers and white space included.</summary>
internal ref struct RedactedJson
{
    private const int DeepestNesting = 500;

    private readonly ReadOnlySpan<byte> _json;
    private readonly Redaction _redaction;
    private Utf8JsonReader _reader;
    private ArrayBufferWriter<byte>? _output;
    private int _copied;

    private RedactedJson(ReadOnlySpan<byte> json, Redaction redaction)
    {
        _json = json;
        _redaction = redaction;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestNesting });
    }

    /// <summary>False when the bytes are not JSON. The same array when nothing was replaced.</summary>
    public static bool TryOf(byte[] json, Redaction redaction, out byte[] redacted)
    {
        redacted = json;
        if (!IsJson(json))
        {
            return false;
        }

        var run = new RedactedJson(json, redaction);
        run._reader.Read();
        run.Value();
        if (run._output is { } output)
        {
            output.Write(run._json[run._copied..]);
            redacted = output.WrittenSpan.ToArray();
        }

        return true;
    }

    // Asked first, so that text that only begins like JSON is looked at once, as text.
    private static bool IsJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestNesting });
        try
        {
            while (reader.Read())
            {
                // Reads to the end or to what is wrong.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Value()
    {
        var start = (int)_reader.TokenStartIndex;
        if (_reader.TokenType != JsonTokenType.Null && _redaction.ReplacementHere(_reader.TokenType == JsonTokenType.String) is { } replacement)
        {
            _reader.Skip();
            Replace(start, replacement);
            return;
        }

        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Members();
                break;
            case JsonTokenType.StartArray:
                Elements();
                break;
            case JsonTokenType.String:
                Scalar(start, TextOf(), isNumber: false);
                break;
            case JsonTokenType.Number:
                Scalar(start, Encoding.UTF8.GetString(_reader.ValueSpan), isNumber: true);
                break;
        }
    }

    private void Members()
    {
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            _redaction.Enter(TextOf());
            _reader.Read();
            Value();
            _redaction.Leave();
        }
    }

    private void Elements()
    {
        for (var i = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; i++)
        {
            _redaction.Enter(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Value();
            _redaction.Leave();
        }
    }

    private void Scalar(int start, string text, bool isNumber)
    {
        var redacted = isNumber ? _redaction.Plain(text) : _redaction.Text(text);
        if (!ReferenceEquals(redacted, text))
        {
            Replace(start, redacted);
        }
    }

    // Half a surrogate pair cannot be unescaped; then the rules see the text as it is written.
    private readonly string TextOf()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(_reader.ValueSpan);
        }
    }

    private void Replace(int start, string text)
    {
        _output ??= new ArrayBufferWriter<byte>(_json.Length);
        _output.Write(_json[_copied..start]);
        _output.Write("\""u8);
        _output.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        _output.Write("\""u8);
        _copied = (int)_reader.BytesConsumed;
    }
}
