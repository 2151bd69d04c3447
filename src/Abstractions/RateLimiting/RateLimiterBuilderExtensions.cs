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

    /// <summary>
    /// For limiters that have settings: limits the stream's producers with one limiter, which is also registered as a service under its own type (keyed by the stream's
    /// name, if it has one). Its settings are the options named <see cref="DashStreamBuilder.OptionsName"/>, bound from the section if one is given, then changed by
    /// the delegate, and checked when the host starts. The last call wins; the container disposes the limiter.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="make">Makes the limiter.</param>
    /// <param name="faults">Names every value that is out of range, with the range.</param>
    /// <param name="section">Where settings come from; unknown keys are refused. Null: nowhere.</param>
    /// <param name="configure">Changes the settings in code, last.</param>
    public static DashStreamBuilder UseRateLimiter<TLimiter, TOptions>(this DashStreamBuilder builder, Func<IServiceProvider, TOptions, TLimiter> make,
        Func<TOptions, IEnumerable<string>> faults, IConfiguration? section = null, Action<TOptions>? configure = null)
        where TLimiter : class, IRateLimiter
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(faults);
        if (section is not null)
        {
            builder.BindOptions<TOptions>(section);
        }

        builder.Services.AddOptions<TOptions>(builder.OptionsName).Configure(configure ?? (_ => { }));
        builder.ValidateOptions(faults);
        var (key, optionsName) = (builder.Name, builder.OptionsName);
        Register(builder, services => make(services, services.GetRequiredService<IOptionsMonitor<TOptions>>().Get(optionsName)));
        return UseRateLimiter(builder, services => Resolve<TLimiter>(services, key));
    }

    private static DashStreamBuilder Use(DashStreamBuilder builder, IConfiguration? section, Action<RateLimiterOptions>? configure) => UseRateLimiter(
        builder, static (services, options) => new TokenBucketRateLimiter(options, services.GetRequiredService<TimeProvider>()), static options => options.Faults(), section, configure);

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
