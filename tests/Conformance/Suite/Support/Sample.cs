using System.Globalization;
using System.Text;

namespace DashStream.Conformance;

/// <summary>Records to send, and what they say when they come back.</summary>
internal static class Sample
{
    /// <summary>2024-05-06T07:08:09.123456Z: has a part in milliseconds and one below.</summary>
    public const long TimeUs = 1_714_979_289_123_456;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static StreamRecord Text(string value, string key = "", StreamHeaders? headers = null, long timestampUs = 0) =>
        new(Bytes(key), Bytes(value), headers, timestampUs);

    public static StreamRecord Value(byte[]? value) => new(default, value is null ? null : new ReadOnlyMemory<byte>?(value));

    /// <summary>Records 0 to <paramref name="count"/> - 1, without keys or spread over keys in turn.</summary>
    public static IReadOnlyList<StreamRecord> Numbered(int count, int keys = 0, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => Text(Name(i), keys == 0 ? "" : $"key-{i % keys}"))];

    /// <summary>Records 0 to <paramref name="count"/> - 1, sent to the partitions in turn.</summary>
    public static IReadOnlyList<StreamRecord> Dealt(int count, int partitions, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => new StreamRecord(default, Bytes(Name(i))) { TargetPartition = i % partitions })];

    public static int NumberOf(StreamRecord record) => int.Parse(TextOf(record), NumberStyles.None, CultureInfo.InvariantCulture);

    public static IReadOnlyList<int> NumbersOf(IEnumerable<StreamRecord> records) => [.. records.Select(NumberOf)];

    public static string TextOf(StreamRecord record) => Encoding.UTF8.GetString(record.Value!.Value.Span);

    public static string KeyOf(StreamRecord record) => Encoding.UTF8.GetString(record.Key.Span);

    public static long NowUs() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Starts every send before awaiting any, as a caller in a hurry does.</summary>
    public static async Task<IReadOnlyList<StreamPosition>> SendAllAsync(this IStreamProducer producer, IEnumerable<StreamRecord> records) =>
        await Task.WhenAll([.. records.Select(record => producer.SendAsync(record).AsTask())]);

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture);
}
