using System.Globalization;

namespace DashStream.Providers;

/// <summary>The list of servers that a user gave: <c>HOST:PORT</c>, parted by commas.</summary>
internal static class RedisEndpoints
{
    public const int DefaultPort = 6379;
    public const int SentinelPort = 26379;

    /// <summary>The list without blanks.</summary>
    public static string Normalize(string? endpoints) => string.Join(',', Split(endpoints));

    /// <summary>What is wrong with it.</summary>
    public static IEnumerable<string> Faults(string? endpoints)
    {
        var entries = Split(endpoints);
        if (entries.Length == 0)
        {
            yield return "names no server; it takes HOST:PORT, several parted by commas";
        }

        foreach (var entry in entries)
        {
            var (host, port) = Part(entry);
            if (host.Length == 0 || host.AsSpan().ContainsAny(" \t/@?"))
            {
                // Not repeated: somebody may have put a whole URI there, with its password.
                yield return "has an entry that is no HOST:PORT; user, password and database are settings of their own";
            }
            else if (port is not null && (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0))
            {
                yield return $"has host '{host}' with a port that is not a number from 1 to 65535";
            }
        }
    }

    /// <summary>The hosts with their ports.</summary>
    public static IEnumerable<(string Host, int Port)> Parse(string endpoints, int defaultPort) => Split(endpoints).Select(static entry => Part(entry))
        .Select(entry => (entry.Host, entry.Port is null ? defaultPort : int.Parse(entry.Port, NumberStyles.None, CultureInfo.InvariantCulture)));

    private static string[] Split(string? endpoints) =>
        (endpoints ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static (string Host, string? Port) Part(string entry)
    {
        if (entry.StartsWith('['))
        {
            var end = entry.IndexOf(']', StringComparison.Ordinal);
            return end < 0 ? ("", null) : (entry[1..end], entry.Length > end + 1 && entry[end + 1] == ':' ? entry[(end + 2)..] : null);
        }

        var colon = entry.LastIndexOf(':');
        return colon < 0 ? (entry, null) : (entry[..colon], entry[(colon + 1)..]);
    }
}
