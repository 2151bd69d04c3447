using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Text;

namespace DashStream.State;

/// <summary>
/// Finds the end of strings and writes those with escapes canonically in the same pass: what is escaped without need becomes plain, and each escape takes
/// its one form. The result is never longer than what is written.
/// </summary>
/// <param name="source">The document; it is UTF-8.</param>
/// <param name="output">Where canonical texts gather.</param>
/// <param name="limits">The words for a refusal.</param>
internal ref struct JsonTextScan(ReadOnlySpan<byte> source, PooledList<byte> output, JsonReadLimits limits)
{
    private const byte LastControl = 0x1f;
    private const int ShortEscape = 2;
    private const int NumberedEscape = 6;

    private static readonly SearchValues<byte> Stops = SearchValues.Create([.. Enumerable.Range(0, LastControl + 1).Select(i => (byte)i), (byte)'"', (byte)'\\']);
    private static readonly SearchValues<byte> ShortNames = SearchValues.Create("\"\\bfnrt"u8);

    private readonly ReadOnlySpan<byte> _source = source;
    private Span<byte> _text;
    private int _at;
    private int _written;

    /// <summary>Where the closing quote stands.</summary>
    public int End { get; private set; }

    public bool HasEscapes { get; private set; }

    /// <summary>The string as written is the canonical text.</summary>
    public bool IsCanonical { get; private set; }

    /// <summary>Reads the string whose inside begins there. One with escapes is the end of the output afterwards, with its quotes.</summary>
    public void Read(int start)
    {
        IsCanonical = true;
        HasEscapes = false;
        var plain = _source[start..].IndexOfAny(Stops);
        End = plain < 0 ? _source.Length : start + plain;
        if (End < _source.Length && _source[End] == '"')
        {
            return;
        }

        Check(End);
        HasEscapes = true;
        Rewrite(start);
    }

    private void Rewrite(int start)
    {
        var first = output.Count;
        _text = output.Append(_source.Length - start + "\"\"".Length);
        _text[0] = (byte)'"';
        _source[start..End].CopyTo(_text[1..]);
        (_at, _written) = (End, End - start + 1);
        do
        {
            TakeEscape();
            TakePlain();
            Check(_at);
        }
        while (_source[_at] != '"');
        _text[_written++] = (byte)'"';
        End = _at;
        output.Truncate(first + _written);
    }

    private void TakeEscape()
    {
        var name = _at + 1 < _source.Length ? _source[_at + 1] : (byte)0;
        if (name == 'u')
        {
            TakeNumbered();
            return;
        }

        if (name == '/')
        {
            IsCanonical = false;
        }
        else if (ShortNames.Contains(name))
        {
            _text[_written++] = (byte)'\\';
        }
        else
        {
            throw limits.BreaksGrammar(_at);
        }

        _text[_written++] = name;
        _at += ShortEscape;
    }

    private void TakeNumbered()
    {
        var consumed = NumberedEscape;
        var first = ReadUnit(_at);
        if (!Rune.TryCreate(first, out var rune))
        {
            consumed += NumberedEscape;
            if (!_source[(_at + NumberedEscape)..].StartsWith("\\u"u8) || !Rune.TryCreate(first, ReadUnit(_at + NumberedEscape), out rune))
            {
                throw limits.NotJson("an escape stands for half a surrogate pair", _at);
            }
        }

        var length = CanonicalText.WriteRune(rune, _text[_written..]);
        IsCanonical &= _source.Slice(_at, consumed).SequenceEqual(_text.Slice(_written, length));
        _written += length;
        _at += consumed;
    }

    private readonly char ReadUnit(int escape)
    {
        var unit = 0;
        for (var i = escape + ShortEscape; i < escape + NumberedEscape; i++)
        {
            var digit = i < _source.Length ? HexDigit(_source[i]) : -1;
            unit = digit < 0 ? throw limits.BreaksGrammar(i) : (unit << 4) | digit;
        }

        return (char)unit;
    }

    // Copied a vector at a time past the next stop; what is too much is written over.
    private void TakePlain()
    {
        while (_source.Length - _at >= Vector256<byte>.Count)
        {
            var bytes = Vector256.Create(_source.Slice(_at, Vector256<byte>.Count));
            bytes.CopyTo(_text[_written..]);
            var stops = Vector256.Equals(bytes, Vector256.Create((byte)'"'))
                | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
                | Vector256.LessThanOrEqual(bytes, Vector256.Create(LastControl));
            var mask = stops.ExtractMostSignificantBits();
            var plain = mask == 0 ? Vector256<byte>.Count : BitOperations.TrailingZeroCount(mask);
            _at += plain;
            _written += plain;
            if (mask != 0)
            {
                return;
            }
        }

        var rest = _source[_at..].IndexOfAny(Stops);
        rest = rest < 0 ? _source.Length - _at : rest;
        _source.Slice(_at, rest).CopyTo(_text[_written..]);
        _at += rest;
        _written += rest;
    }

    private readonly void Check(int at)
    {
        if (at == _source.Length || _source[at] <= LastControl)
        {
            throw limits.BreaksGrammar(at);
        }
    }

    private static int HexDigit(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
