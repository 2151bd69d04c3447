using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream;

/// <summary>
/// Chooses the Redis provider. Settings are checked when the host starts, or else when the provider is first asked for, and everything wrong is named at once; the server is
/// asked for nothing until the first use.
/// </summary>
public static class RedisBuilderExtensions
{
    /// <summary>Keeps the stream in Redis; without settings at <c>localhost:6379</c>.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseRedis(this DashStreamBuilder builder, Action<RedisProviderOptions>? configure = null) =>
        Use(builder, section: null, configure);

    /// <summary>Keeps the stream in Redis at these servers.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="endpoints"><c>HOST:PORT</c>, several parted by commas.</param>
    /// <param name="configure">Changes further settings in code.</param>
    public static DashStreamBuilder UseRedis(this DashStreamBuilder builder, string endpoints, Action<RedisProviderOptions>? configure = null) =>
        Use(builder, section: null, options =>
        {
            options.Connection.Endpoints = endpoints;
            configure?.Invoke(options);
        });

    /// <summary>Keeps the stream in Redis, with the settings of a configuration section.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="section">Keys are those of <see cref="RedisProviderOptions"/>, such as <c>Connection:Endpoints</c>; unknown ones are refused.</param>
    public static DashStreamBuilder UseRedis(this DashStreamBuilder builder, IConfiguration section) => Use(builder, section, configure: null);

    private static DashStreamBuilder Use(DashStreamBuilder builder, IConfiguration? section, Action<RedisProviderOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseProvider(
            (services, options) => new RedisProvider(options, services.GetRequiredService<TimeProvider>()), options => options.Faults(), section, configure);
    }
}
