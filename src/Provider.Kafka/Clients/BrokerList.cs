using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DashStream.Providers;

/// <summary>The list of servers that a user gave: <c>HOST:PORT</c>, parted by commas.</summary>
internal static class BrokerList
{
    private const string LocalName = "localhost";
    private const int DefaultPort = 9092;

    /// <summary>The list without blanks, as librdkafka takes it.</summary>
    public static string Normalize(string servers) => string.Join(',', Split(servers));

    /// <summary>What is wrong with it.</summary>
    public static IEnumerable<string> Faults(string? servers)
    {
        var entries = Split(servers ?? "");
        if (entries.Length == 0)
        {
            yield return "names no server; it takes HOST:PORT, several parted by commas";
        }

        foreach (var entry in entries)
        {
            var (host, port) = Parse(entry);
            if (host.Length == 0 || host.AsSpan().ContainsAny(" \t/@?"))
            {
                yield return $"has '{entry}', which is no HOST:PORT";
            }
            else if (port is not null && (!ushort.TryParse(port, out var number) || number == 0))
            {
                yield return $"has '{entry}', whose port is not a number from 1 to 65535";
            }
        }
    }

    /// <summary>The hosts with their ports.</summary>
    public static IEnumerable<(string Host, int Port)> Endpoints(string servers) => Split(servers).Select(static entry => Parse(entry))
        .Select(static entry => (entry.Host, entry.Port is null ? DefaultPort : int.Parse(entry.Port, NumberStyles.None, CultureInfo.InvariantCulture)));

    /// <summary>Whether a listed host is this machine by its name or its IPv4 address: then IPv6 only costs a refused attempt.</summary>
    public static bool NamesThisMachineByV4(string servers) =>
        Split(servers).Select(static entry => Parse(entry).Host).Any(static host =>
            string.Equals(host, LocalName, StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(address)));

    private static string[] Split(string servers) => servers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static (string Host, string? Port) Parse(string entry)
    {
        var scheme = entry.IndexOf("://", StringComparison.Ordinal);
        var address = scheme < 0 ? entry : entry[(scheme + 3)..];
        if (address.StartsWith('['))
        {
            var end = address.IndexOf(']', StringComparison.Ordinal);
            return end < 0 ? ("", null) : (address[1..end], address.Length > end + 1 && address[end + 1] == ':' ? address[(end + 2)..] : null);
        }

        var colon = address.LastIndexOf(':');
        return colon < 0 ? (address, null) : (address[..colon], address[(colon + 1)..]);
    }
}
