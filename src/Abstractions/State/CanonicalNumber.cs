using System.Globalization;

namespace DashStream.State;

/// <summary>
/// Numbers as the DashFlow implementation hashes them. Its JSON reader takes at most 64 bits of digits and scales them with one division or
/// multiplication of doubles, so its value may be a last bit off the nearest double; hashes agree only if we read as it does.
/// </summary>
internal static class CanonicalNumber
{
    /// <summary>More than the longest number we print needs.</summary>
    public const int MaxLength = 32;

    private const int LargestPower = 308;
    private const int LastPlainDigit = 16;
    private const int FirstPlainZero = -5;
    private const ulong NegativeLimit = 1UL << 63;

    private static readonly double[] Powers =
        [.. Enumerable.Range(0, LargestPower + 1).Select(power => double.Parse($"1e{power}", CultureInfo.InvariantCulture))];

    /// <summary>The canonical text of a number that keeps to the JSON grammar; false when it is beyond a double.</summary>
    public static bool TryFormat(ReadOnlySpan<byte> written, Span<byte> text, out int length)
    {
        length = 0;
        var scan = new NumberScan(written);
        if (scan.IsWhole && (scan.IsNegative ? scan.Digits is > 0 and <= NegativeLimit : true))
        {
            written.CopyTo(text);
            length = written.Length;
            return true;
        }

        return TryScale(scan, out var value) && Print(scan.IsNegative ? -value : value, text, out length);
    }

    private static bool TryScale(in NumberScan scan, out double value)
    {
        value = scan.Digits;
        if (value == 0)
        {
            return true;
        }

        var exponent = scan.Exponent;
        for (; exponent < -LargestPower && value != 0; exponent += LargestPower)
        {
            value /= Powers[LargestPower];
        }

        if (value == 0)
        {
            return true;
        }

        if (exponent > LargestPower)
        {
            return false;
        }

        value = exponent >= 0 ? value * Powers[exponent] : value / Powers[-exponent];
        return double.IsFinite(value);
    }

    private static bool Print(double value, Span<byte> text, out int length)
    {
        Span<byte> shortest = stackalloc byte[MaxLength];
        value.TryFormat(shortest, out var written, default, CultureInfo.InvariantCulture);
        Span<byte> digits = stackalloc byte[MaxLength];
        var point = Split(shortest[..written], digits, out var count);
        length = 0;
        if (double.IsNegative(value))
        {
            text[length++] = (byte)'-';
        }

        length += Lay(digits[..count], point, text[length..]);
        return true;
    }

    /// <summary>Takes the shortest text apart: its digits without zeros at either end, and where the point stands before them.</summary>
    private static int Split(ReadOnlySpan<byte> shortest, Span<byte> digits, out int count)
    {
        var exponentAt = shortest.IndexOf((byte)'E');
        var exponent = exponentAt < 0 ? 0 : int.Parse(shortest[(exponentAt + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = (exponentAt < 0 ? shortest : shortest[..exponentAt]).TrimStart((byte)'-');
        var point = mantissa.IndexOf((byte)'.');
        var whole = point < 0 ? mantissa : mantissa[..point];
        var fraction = point < 0 ? [] : mantissa[(point + 1)..];
        whole.CopyTo(digits);
        fraction.CopyTo(digits[whole.Length..]);
        var all = digits[..(whole.Length + fraction.Length)];
        var leading = all.Length - all.TrimStart((byte)'0').Length;
        var kept = all.Trim((byte)'0');
        count = kept.Length;
        kept.CopyTo(digits);
        return whole.Length - leading + exponent;
    }

    private static int Lay(ReadOnlySpan<byte> digits, int point, Span<byte> text)
    {
        if (digits.IsEmpty)
        {
            return Put(text, 0, "0.0"u8);
        }

        if (point is > 0 and <= LastPlainDigit)
        {
            return LayPlain(digits, point, text);
        }

        if (point is > FirstPlainZero and <= 0)
        {
            var zeros = Put(text, 0, "0.0000000"u8[..("0.".Length - point)]);
            return Put(text, zeros, digits);
        }

        var length = Put(text, 0, digits[..1]);
        if (digits.Length > 1)
        {
            length = Put(text, length, "."u8);
            length = Put(text, length, digits[1..]);
        }

        length = Put(text, length, point > 0 ? "e+"u8 : "e-"u8);
        Math.Abs(point - 1).TryFormat(text[length..], out var written, default, CultureInfo.InvariantCulture);
        return length + written;
    }

    private static int LayPlain(ReadOnlySpan<byte> digits, int point, Span<byte> text)
    {
        if (digits.Length > point)
        {
            var whole = Put(text, 0, digits[..point]);
            return Put(text, Put(text, whole, "."u8), digits[point..]);
        }

        var length = Put(text, 0, digits);
        text[length..point].Fill((byte)'0');
        return Put(text, point, ".0"u8);
    }

    private static int Put(Span<byte> text, int at, ReadOnlySpan<byte> part)
    {
        part.CopyTo(text[at..]);
        return at + part.Length;
    }
}
