using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>Limits what the tenants of a stream may send.</summary>
public static class RateLimiterBuilderExtensions
{
    /// <summary>
    /// Limits the stream's producers inside this process with one <see cref="TokenBucketRateLimiter"/>, which is also registered as a service (keyed by the
    /// stream's name, if it has one) so that limits can be changed while running.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseRateLimiter(this DashStreamBuilder builder, Action<RateLimiterOptions>? configure = null) =>
        Use(builder, section: null, configure);

    /// <summary>The same with settings from a configuration section, <c>Default:…</c> and <c>Tenants:ID:…</c>; unknown keys are refused.</summary>
    public static DashStreamBuilder UseRateLimiter(this DashStreamBuilder builder, IConfiguration section) => Use(builder, section, configure: null);

    /// <summary>Limits the stream's producers with a limiter of one's own; the last call wins. The container disposes what the factory makes.</summary>
    public static DashStreamBuilder UseRateLimiter(this DashStreamBuilder builder, Func<IServiceProvider, IRateLimiter> factory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(factory);
        Register(builder, factory);
        var key = builder.Name;
        builder.Services.AddOptions<DashStreamOptions>(builder.OptionsName)
            .Configure<IServiceProvider>((options, services) => options.Producer.RateLimiter = Resolve<IRateLimiter>(services, key));
        return builder;
    }

    private static DashStreamBuilder Use(DashStreamBuilder builder, IConfiguration? section, Action<RateLimiterOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (section is not null)
        {
            builder.BindOptions<RateLimiterOptions>(section);
        }

        builder.Services.AddOptions<RateLimiterOptions>(builder.OptionsName).Configure(configure ?? (_ => { }));
        builder.ValidateOptions<RateLimiterOptions>(options => options.Faults());
        var (key, optionsName) = (builder.Name, builder.OptionsName);
        Register(builder, services => new TokenBucketRateLimiter(
            services.GetRequiredService<IOptionsMonitor<RateLimiterOptions>>().Get(optionsName), services.GetRequiredService<TimeProvider>()));
        return UseRateLimiter(builder, services => Resolve<TokenBucketRateLimiter>(services, key));
    }

    private static void Register<T>(DashStreamBuilder builder, Func<IServiceProvider, T> factory)
        where T : class
    {
        if (builder.Name is null)
        {
            builder.Services.AddSingleton(factory);
        }
        else
        {
            builder.Services.AddKeyedSingleton(builder.Name, (services, _) => factory(services));
        }
    }

    private static T Resolve<T>(IServiceProvider services, string? key)
        where T : notnull =>
        key is null ? services.GetRequiredService<T>() : services.GetRequiredKeyedService<T>(key);
}
