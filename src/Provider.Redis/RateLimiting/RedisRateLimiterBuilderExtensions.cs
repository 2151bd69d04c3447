using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream;

/// <summary>Limits what the tenants of a stream may send, with one budget for all processes.</summary>
public static class RedisRateLimiterBuilderExtensions
{
    /// <summary>
    /// Limits the stream's producers, whatever its provider, with one <see cref="RedisRateLimiter"/>, which is also registered as a service (keyed by the stream's name, if
    /// it has one) so that limits can be changed while running. Settings are checked when the host starts; the server is asked for nothing before the first send.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseRedisRateLimiter(this DashStreamBuilder builder, Action<RedisRateLimiterOptions>? configure = null) => Use(builder, section: null, configure);

    /// <summary>The same with settings from a configuration section, <c>Connection:Endpoints</c>, <c>Default:…</c>, <c>Tenants:ID:…</c>; unknown keys are refused.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="section">Keys are those of <see cref="RedisRateLimiterOptions"/>.</param>
    public static DashStreamBuilder UseRedisRateLimiter(this DashStreamBuilder builder, IConfiguration section) => Use(builder, section, configure: null);

    private static DashStreamBuilder Use(DashStreamBuilder builder, IConfiguration? section, Action<RedisRateLimiterOptions>? configure) => builder.UseRateLimiter(
        static (services, options) => new RedisRateLimiter(options, services.GetRequiredService<TimeProvider>()), static options => options.Faults(), section, configure);
}
