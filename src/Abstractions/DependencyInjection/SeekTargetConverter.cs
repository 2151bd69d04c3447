using System.ComponentModel;
using System.Globalization;

namespace DashStream;

/// <summary>Reads a <see cref="SeekTarget"/> from configuration: <c>beginning</c>, <c>end</c>, an ISO 8601 time with offset, or <c>@OFFSET</c>.</summary>
internal sealed class SeekTargetConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => value switch
    {
        string text when text.Equals("beginning", StringComparison.OrdinalIgnoreCase) => SeekTarget.Beginning,
        string text when text.Equals("end", StringComparison.OrdinalIgnoreCase) => SeekTarget.End,
        string text when text.StartsWith('@') && UInt128.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) =>
            SeekTarget.At(offset),
        string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time >= DateTimeOffset.UnixEpoch =>
            SeekTarget.Time((time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond),
        _ => throw new FormatException($"'{value}' is no place to start: use beginning, end, @OFFSET or an ISO 8601 time."),
    };
}
