using System.Buffers;
using System.Text;

namespace DashStream.State;

/// <summary>Strings as canonical JSON has them: only quote, backslash and control characters are escaped, each in one way.</summary>
internal static class CanonicalText
{
    private const byte FirstPlain = 0x20;
    private const int NumberedEscape = 6;
    private const int ShortEscape = 2;
    private const string Named = "\"\\bfnrt";

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, FirstPlain).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    /// <summary>True when the inside of a string, as written, is canonical already. The reader has seen that its escapes are well formed.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> written)
    {
        for (var at = written.IndexOf((byte)'\\'); at >= 0; at = written.IndexOf((byte)'\\'))
        {
            var escape = written[at..];
            if (escape[1] == 'u' ? !IsCanonicalNumbered(escape) : !Named.Contains((char)escape[1], StringComparison.Ordinal))
            {
                return false;
            }

            written = escape[(escape[1] == 'u' ? NumberedEscape : ShortEscape)..];
        }

        return true;
    }

    /// <summary>Bytes of the plain text when escaped, without quotes.</summary>
    public static int EscapedLength(ReadOnlySpan<byte> plain)
    {
        var length = plain.Length;
        for (var at = plain.IndexOfAny(Escaped); at >= 0; at = plain.IndexOfAny(Escaped))
        {
            length += (ShortName(plain[at]) == 0 ? NumberedEscape : ShortEscape) - 1;
            plain = plain[(at + 1)..];
        }

        return length;
    }

    /// <summary>Appends the plain text with quotes.</summary>
    public static void Write(ReadOnlySpan<byte> plain, PooledList<byte> output)
    {
        output.Add((byte)'"');
        WriteInside(plain, output);
        output.Add((byte)'"');
    }

    /// <summary>Appends the plain text without quotes.</summary>
    public static void WriteInside(ReadOnlySpan<byte> plain, PooledList<byte> output)
    {
        for (var at = plain.IndexOfAny(Escaped); at >= 0; at = plain.IndexOfAny(Escaped))
        {
            output.Add(plain[..at]);
            WriteEscape(plain[at], output);
            plain = plain[(at + 1)..];
        }

        output.Add(plain);
    }

    /// <summary>
    /// Writes the inside of a string, as written, canonically: what is escaped without need becomes plain, and each escape takes its one form. The result is never
    /// longer. The reader has seen that the escapes are well formed.
    /// </summary>
    /// <returns>The bytes written; -1 when an escape stands for half a surrogate pair.</returns>
    public static int Rewrite(ReadOnlySpan<byte> written, Span<byte> output)
    {
        var length = 0;
        for (var at = written.IndexOf((byte)'\\'); at >= 0; at = written.IndexOf((byte)'\\'))
        {
            written[..at].CopyTo(output[length..]);
            length += at;
            var escape = written[at..];
            if (escape[1] != 'u')
            {
                // A slash alone needs no escape; all other short forms are canonical.
                output[length] = (byte)'\\';
                length += escape[1] == '/' ? 0 : 1;
                output[length++] = escape[1];
                written = escape[ShortEscape..];
                continue;
            }

            if (!TryReadRune(escape, out var rune, out var consumed))
            {
                return -1;
            }

            length += WriteRune(rune, output[length..]);
            written = escape[consumed..];
        }

        written.CopyTo(output[length..]);
        return length + written.Length;
    }

    /// <summary>The text of the canonical inside of a string.</summary>
    public static string Unescape(ReadOnlySpan<byte> canonical)
    {
        var text = Encoding.UTF8.GetString(canonical);
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            plain.Append(text[i] == '\\' ? Unescape(text, ref i) : text[i]);
        }

        return plain.ToString();
    }

    private static char Unescape(string text, ref int at)
    {
        var name = text[++at];
        if (name != 'u')
        {
            return name switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', _ => name };
        }

        at += NumberedEscape - ShortEscape;
        return (char)Convert.ToInt32(text.Substring(at - 3, 4), 16);
    }

    private static bool TryReadRune(ReadOnlySpan<byte> escape, out Rune rune, out int consumed)
    {
        consumed = NumberedEscape;
        var first = ReadNumber(escape);
        if (Rune.TryCreate(first, out rune))
        {
            return true;
        }

        consumed = 2 * NumberedEscape;
        return escape.Length >= consumed && escape[NumberedEscape..].StartsWith("\\u"u8) && Rune.TryCreate(first, ReadNumber(escape[NumberedEscape..]), out rune);
    }

    private static char ReadNumber(ReadOnlySpan<byte> escape)
    {
        var number = 0;
        foreach (var digit in escape[ShortEscape..NumberedEscape])
        {
            number = (number << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return (char)number;
    }

    private static int WriteRune(Rune rune, Span<byte> output)
    {
        if (rune.Value is >= FirstPlain and not ('"' or '\\'))
        {
            return rune.EncodeToUtf8(output);
        }

        output[0] = (byte)'\\';
        output[1] = ShortName((byte)rune.Value);
        if (output[1] != 0)
        {
            return ShortEscape;
        }

        "u00"u8.CopyTo(output[1..]);
        output[4] = "0123456789abcdef"u8[rune.Value >> 4];
        output[5] = "0123456789abcdef"u8[rune.Value & 0xf];
        return NumberedEscape;
    }

    // Control characters without a name of their own: 00 and two lower-case digits below 20.
    private static bool IsCanonicalNumbered(ReadOnlySpan<byte> escape)
    {
        var low = escape[5] switch
        {
            >= (byte)'0' and <= (byte)'9' => escape[5] - '0',
            >= (byte)'a' and <= (byte)'f' => escape[5] - 'a' + 10,
            _ => -1,
        };
        return escape[2..4].SequenceEqual("00"u8) && (escape[4] is (byte)'0' or (byte)'1') && low >= 0
            && ShortName((byte)(((escape[4] - '0') << 4) + low)) == 0;
    }

    private static void WriteEscape(byte character, PooledList<byte> output)
    {
        var name = ShortName(character);
        if (name != 0)
        {
            output.Add((byte)'\\');
            output.Add(name);
            return;
        }

        output.Add("\\u00"u8);
        output.Add("0123456789abcdef"u8[character >> 4]);
        output.Add("0123456789abcdef"u8[character & 0xf]);
    }

    private static byte ShortName(byte character) => character switch
    {
        (byte)'"' or (byte)'\\' => character,
        (byte)'\b' => (byte)'b',
        (byte)'\f' => (byte)'f',
        (byte)'\n' => (byte)'n',
        (byte)'\r' => (byte)'r',
        (byte)'\t' => (byte)'t',
        _ => 0,
    };
}
