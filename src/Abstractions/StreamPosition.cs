using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DashStream;

/// <summary>
/// Where a record lies: a partition of the topic and an offset in it. Offsets grow with every append and are never reused, but may have holes:
/// compare positions, never compute with them. Sixteen bytes hold a Kafka offset, a row number and a Redis stream id alike.
/// </summary>
/// <param name="Partition">Partition number, from 0.</param>
/// <param name="Offset">Offset inside the partition.</param>
public readonly record struct StreamPosition(int Partition, UInt128 Offset) : IComparable<StreamPosition>, ISpanParsable<StreamPosition>
{
    /// <summary>Orders two positions of one partition.</summary>
    /// <exception cref="ArgumentException">The positions are of different partitions, between which there is no order.</exception>
    public int CompareTo(StreamPosition other)
    {
        if (Partition != other.Partition)
        {
            throw new ArgumentException($"Position {this} and position {other} are of different partitions and have no order.", nameof(other));
        }

        return Offset.CompareTo(other.Offset);
    }

    /// <summary>Whether <paramref name="left"/> lies before <paramref name="right"/> in their partition.</summary>
    public static bool operator <(StreamPosition left, StreamPosition right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> lies after <paramref name="right"/> in their partition.</summary>
    public static bool operator >(StreamPosition left, StreamPosition right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> lies before <paramref name="right"/> or is the same.</summary>
    public static bool operator <=(StreamPosition left, StreamPosition right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> lies after <paramref name="right"/> or is the same.</summary>
    public static bool operator >=(StreamPosition left, StreamPosition right) => left.CompareTo(right) >= 0;

    /// <summary>The text form, such as <c>0@42</c>, which <see cref="Parse(string, IFormatProvider?)"/> reads back.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Partition}@{Offset}");

    /// <inheritdoc cref="IParsable{TSelf}.Parse(string, IFormatProvider?)"/>
    public static StreamPosition Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc/>
    public static StreamPosition Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var position)
            ? position
            : throw new FormatException($"'{s}' is not a position. A position is PARTITION@OFFSET, such as 0@42.");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out StreamPosition result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out StreamPosition result)
    {
        var at = s.IndexOf('@');
        if (at > 0
            && int.TryParse(s[..at], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && UInt128.TryParse(s[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            result = new StreamPosition(partition, offset);
            return true;
        }

        result = default;
        return false;
    }
}
