using System.Buffers;
using System.Text;

namespace DashStream.State;

/// <summary>Strings as canonical JSON has them: only quote, backslash and control characters are escaped, each in one way.</summary>
internal static class CanonicalText
{
    private const byte FirstPlain = 0x20;
    private const int NumberedEscape = 6;
    private const int ShortEscape = 2;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, FirstPlain).Select(i => (byte)i), (byte)'"', (byte)'\\']);

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

    /// <summary>Writes a character of a string's inside and returns how many bytes it takes.</summary>
    public static int WriteRune(Rune rune, Span<byte> output)
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

    /// <summary>Writes the plain bytes of the canonical inside of a string, which may be the same memory, and returns how many they are.</summary>
    public static int Unescape(ReadOnlySpan<byte> canonical, Span<byte> plain)
    {
        var length = 0;
        for (var at = 0; at < canonical.Length; at++)
        {
            var next = canonical[at];
            if (next == '\\')
            {
                next = PlainOf(canonical[(at + 1)..]);
                at += canonical[at + 1] == 'u' ? NumberedEscape - 1 : 1;
            }

            plain[length++] = next;
        }

        return length;
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

    private static byte PlainOf(ReadOnlySpan<byte> name) => name[0] switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'u' => (byte)(((name[3] - '0') << 4) + (name[4] <= '9' ? name[4] - '0' : name[4] - 'a' + 10)),
        _ => name[0],
    };

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
