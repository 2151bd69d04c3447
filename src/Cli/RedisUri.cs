using System.Globalization;
using DashStream.Providers;

namespace DashStream.Cli;

/// <summary>
/// What <c>redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT][/DATABASE]</c> means; <c>rediss</c> is the same by TLS. Shells and process lists keep what a URI holds, so user and
/// password may come from <c>REDIS_USERNAME</c> and <c>REDIS_PASSWORD</c> instead, and the file of authorities from <c>REDIS_TLS_CA</c>.
/// </summary>
internal static class RedisUri
{
    public const string Form = "redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]";

    // Somebody waits in front of a terminal: a wrong address should say so soon.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    // What the import takes, so that topics made by it can hold it.
    private const int MaxRecordBytes = 11 * 1024 * 1024;

    /// <summary>What is wrong with the URI, or null. Nothing of it is repeated: it may hold a password.</summary>
    /// <param name="scheme"><c>redis</c> or <c>rediss</c>.</param>
    /// <param name="place">What follows the scheme and its colon.</param>
    public static string? FaultOf(string scheme, string place)
    {
        var options = new RedisProviderOptions();
        if (!TrySet(options.Connection, place))
        {
            return $"a {scheme} URI is {scheme}{Form["redis".Length..]}, the database a number";
        }

        var faults = options.Faults().ToList();
        return faults.Count == 0 ? null : $"{scheme} URI: {string.Join("; ", faults)}; write {scheme}{Form["redis".Length..]}";
    }

    /// <summary>The options of a provider.</summary>
    /// <param name="scheme"><c>redis</c> or <c>rediss</c>.</param>
    /// <param name="place">What follows the scheme, without a fault.</param>
    /// <param name="variable">Gives the value of an environment variable, or null.</param>
    /// <exception cref="UsageException">A variable cannot be used.</exception>
    public static RedisProviderOptions OptionsOf(string scheme, string place, Func<string, string?> variable)
    {
        var options = new RedisProviderOptions { CreateMissingTopics = false, MaxRecordBytes = MaxRecordBytes };
        var connection = options.Connection;
        TrySet(connection, place);
        connection.ConnectTimeout = ConnectTimeout;
        connection.User ??= variable("REDIS_USERNAME");
        connection.Password ??= variable("REDIS_PASSWORD");
        if (scheme == "rediss")
        {
            connection.Tls = true;
            connection.TlsCaFile = variable("REDIS_TLS_CA");
        }

        var faults = string.Join("; ", options.Faults());
        return faults.Length == 0 ? options : throw new UsageException($"{scheme} URI with the environment: {faults}");
    }

    private static bool TrySet(RedisConnectionOptions connection, string place)
    {
        var rest = place.StartsWith("//", StringComparison.Ordinal) ? place[2..] : place;
        var at = rest.LastIndexOf('@');
        if (at >= 0)
        {
            var colon = rest.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || colon > at)
            {
                return false;
            }

            connection.User = colon == 0 ? null : Uri.UnescapeDataString(rest[..colon]);
            connection.Password = Uri.UnescapeDataString(rest[(colon + 1)..at]);
            rest = rest[(at + 1)..];
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var number = slash < 0 ? "" : rest[(slash + 1)..].TrimEnd('/');
        if (number.Length > 0)
        {
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var database))
            {
                return false;
            }

            connection.Database = database;
        }

        connection.Endpoints = slash < 0 ? rest : rest[..slash];
        return connection.Endpoints.Length > 0;
    }
}
