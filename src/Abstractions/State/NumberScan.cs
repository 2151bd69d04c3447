namespace DashStream.State;

/// <summary>A number's sign, digits and exponent as the DashFlow implementation's reader takes them; digits that 64 bits cannot hold are dropped.</summary>
internal struct NumberScan
{
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
