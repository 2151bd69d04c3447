using System.Buffers.Text;
using System.Globalization;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>An offset is a stream id: milliseconds in the upper half, number in the lower.</summary>
internal static class RedisIds
{
    private const byte Dash = (byte)'-';

    public static UInt128 Make(ulong milliseconds, ulong number) => new(milliseconds, number);

    public static string ToText(UInt128 offset) => string.Create(CultureInfo.InvariantCulture, $"{Upper(offset)}-{Lower(offset)}");

    /// <summary>Number of the record in its partition, for ids that we gave.</summary>
    public static ulong Lower(UInt128 offset) => (ulong)offset;

    public static ulong Upper(UInt128 offset) => (ulong)(offset >> 64);

    /// <summary>Whether no record of ours lies between what was asked for and what was found: numbers count, while the time before them may jump.</summary>
    public static bool IsNext(UInt128 asked, UInt128 found) => Lower(asked) == Lower(found) && asked <= found;

    /// <exception cref="StreamException">It is no id (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public static UInt128 Parse(RedisResult result) => Parse(((byte[]?)result).AsSpan());

    /// <exception cref="StreamException">It is no id (<see cref="StreamErrorKind.Corrupt"/>).</exception>
    public static UInt128 Parse(ReadOnlySpan<byte> text) => TryParse(text)
        ?? throw new StreamException(StreamErrorKind.Corrupt, $"Redis keeps '{System.Text.Encoding.UTF8.GetString(text)}' where a stream id of ours was to be.");

    /// <summary>Null when it is no id.</summary>
    public static UInt128? TryParse(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out ulong milliseconds, out var used) && used < text.Length && text[used] == Dash
            && Utf8Parser.TryParse(text[(used + 1)..], out ulong number, out var rest) && used + 1 + rest == text.Length
            ? Make(milliseconds, number)
            : null;
}
