namespace DashStream.State;

/// <summary>A number's sign, digits and exponent as the DashFlow implementation's reader takes them; digits that 64 bits cannot hold are dropped.</summary>
internal struct NumberScan
{
    private const int SurelyFits = 18;
    private const int FarAway = int.MaxValue / 4;

    public NumberScan(ReadOnlySpan<byte> written)
    {
        IsNegative = written[0] == '-';
        IsWhole = true;
        var at = IsNegative ? 1 : 0;
        for (; at < written.Length && char.IsAsciiDigit((char)written[at]); at++)
        {
            // Once a digit of the whole part is dropped, all others are.
            IsWhole = IsWhole && TryTake(written[at]);
            Exponent += IsWhole ? 0 : 1;
        }

        if (at < written.Length && written[at] == '.')
        {
            IsWhole = false;
            at = ReadFraction(written, at + 1);
        }

        if (at < written.Length)
        {
            IsWhole = false;
            Exponent = Math.Clamp(Exponent + ReadExponent(written[(at + 1)..]), -FarAway, FarAway);
        }
    }

    public bool IsNegative { get; }

    /// <summary>Neither point nor exponent, and all digits fit.</summary>
    public bool IsWhole { get; }

    public ulong Digits { get; private set; }

    public int Exponent { get; private set; }

    /// <summary>How many bytes from the first on are a number by the JSON grammar; 0 when none are.</summary>
    /// <param name="text">A text that may go on after the number.</param>
    /// <param name="isPlain">A whole number that is certain to be printed as it is written.</param>
    public static int LengthOf(ReadOnlySpan<byte> text, out bool isPlain)
    {
        var first = text[0] == '-' ? 1 : 0;
        var length = first + DigitsOf(text[first..]);
        isPlain = first == 0 && length <= SurelyFits;
        if (length == first || (length > first + 1 && text[first] == '0'))
        {
            return 0;
        }

        if (length < text.Length && text[length] == '.')
        {
            isPlain = false;
            var digits = DigitsOf(text[(length + 1)..]);
            length = digits == 0 ? 0 : length + 1 + digits;
        }

        if (length == 0 || length == text.Length || (text[length] | 0x20) != 'e')
        {
            return length;
        }

        isPlain = false;
        var exponent = length + 1 < text.Length && text[length + 1] is ((byte)'+' or (byte)'-') ? length + 2 : length + 1;
        var last = DigitsOf(text[Math.Min(exponent, text.Length)..]);
        return last == 0 ? 0 : exponent + last;
    }

    private static int DigitsOf(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (length < text.Length && char.IsAsciiDigit((char)text[length]))
        {
            length++;
        }

        return length;
    }

    private int ReadFraction(ReadOnlySpan<byte> written, int at)
    {
        var fits = true;
        for (; at < written.Length && char.IsAsciiDigit((char)written[at]); at++)
        {
            fits = fits && TryTake(written[at]);
            Exponent -= fits ? 1 : 0;
        }

        return at;
    }

    private bool TryTake(byte digit)
    {
        const ulong Last = ulong.MaxValue / 10;
        var value = (ulong)(digit - '0');
        if (Digits > Last || (Digits == Last && value > ulong.MaxValue % 10))
        {
            return false;
        }

        Digits = (Digits * 10) + value;
        return true;
    }

    private static int ReadExponent(ReadOnlySpan<byte> written)
    {
        var isNegative = written[0] == '-';
        var value = 0;
        foreach (var digit in written[(char.IsAsciiDigit((char)written[0]) ? 0 : 1)..])
        {
            value = Math.Min((value * 10) + (digit - '0'), FarAway / 10);
        }

        return isNegative ? -value : value;
    }
}
