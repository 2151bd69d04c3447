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

    // -1 where it is none.
    private static readonly sbyte[] HexDigits =
        [.. Enumerable.Range(0, byte.MaxValue + 1).Select(i => char.IsAsciiHexDigit((char)i) ? Convert.ToSByte(((char)i).ToString(), 16) : (sbyte)-1)];

    private readonly ReadOnlySpan<byte> _source = source;

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
        var text = output.Append(_source.Length - start + "\"\"".Length);
        text[0] = (byte)'"';
        _source[start..End].CopyTo(text[1..]);
        var at = End;
        var written = End - start + 1;
        do
        {
            TakeEscape(text, ref at, ref written);
            TakePlain(_source, text, ref at, ref written);
            Check(at);
        }
        while (_source[at] != '"');
        text[written++] = (byte)'"';
        End = at;
        output.Truncate(first + written);
    }

    private void TakeEscape(Span<byte> text, ref int at, ref int written)
    {
        var name = at + 1 < _source.Length ? _source[at + 1] : (byte)0;
        if (name == 'u')
        {
            TakeNumbered(text, ref at, ref written);
            return;
        }

        if (name == '/')
        {
            IsCanonical = false;
        }
        else if (ShortNames.Contains(name))
        {
            text[written++] = (byte)'\\';
        }
        else
        {
            throw limits.BreaksGrammar(at);
        }

        text[written++] = name;
        at += ShortEscape;
    }

    private void TakeNumbered(Span<byte> text, ref int at, ref int written)
    {
        var first = ReadUnit(at);
        if (first is >= ' ' and <= '~')
        {
            // Most writers escape quotes and the signs of HTML this way.
            IsCanonical = false;
            text[written] = (byte)'\\';
            written += first is '"' or '\\' ? 1 : 0;
            text[written++] = (byte)first;
            at += NumberedEscape;
            return;
        }

        var consumed = NumberedEscape;
        if (!Rune.TryCreate(first, out var rune))
        {
            consumed += NumberedEscape;
            if (!_source[(at + NumberedEscape)..].StartsWith("\\u"u8) || !Rune.TryCreate(first, ReadUnit(at + NumberedEscape), out rune))
            {
                throw limits.NotJson("an escape stands for half a surrogate pair", at);
            }
        }

        var length = CanonicalText.WriteRune(rune, text[written..]);
        IsCanonical &= _source.Slice(at, consumed).SequenceEqual(text.Slice(written, length));
        written += length;
        at += consumed;
    }

    private readonly char ReadUnit(int escape)
    {
        if (_source.Length - escape < NumberedEscape)
        {
            throw limits.BreaksGrammar(escape);
        }

        var digits = _source.Slice(escape + ShortEscape, NumberedEscape - ShortEscape);
        var unit = (HexDigit(digits[0]) << 12) | (HexDigit(digits[1]) << 8) | (HexDigit(digits[2]) << 4) | HexDigit(digits[3]);
        return unit >= 0 ? (char)unit : throw limits.BreaksGrammar(escape);
    }

    // Copied a vector at a time past the next stop; what is too much is written over.
    private static void TakePlain(ReadOnlySpan<byte> source, Span<byte> text, ref int at, ref int written)
    {
        while (source.Length - at >= Vector256<byte>.Count)
        {
            var bytes = Vector256.Create(source[at..]);
            bytes.CopyTo(text[written..]);
            var stops = Vector256.Equals(bytes, Vector256.Create((byte)'"'))
                | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
                | Vector256.LessThanOrEqual(bytes, Vector256.Create(LastControl));
            var mask = stops.ExtractMostSignificantBits();
            var plain = mask == 0 ? Vector256<byte>.Count : BitOperations.TrailingZeroCount(mask);
            at += plain;
            written += plain;
            if (mask != 0)
            {
                return;
            }
        }

        var rest = source[at..].IndexOfAny(Stops);
        rest = rest < 0 ? source.Length - at : rest;
        source.Slice(at, rest).CopyTo(text[written..]);
        at += rest;
        written += rest;
    }

    private readonly void Check(int at)
    {
        if (at == _source.Length || _source[at] <= LastControl)
        {
            throw limits.BreaksGrammar(at);
        }
    }

    private static int HexDigit(byte digit) => HexDigits[digit];
}
