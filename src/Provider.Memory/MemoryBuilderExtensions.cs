using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>Chooses the memory provider.</summary>
public static class MemoryBuilderExtensions
{
    /// <summary>Keeps the stream in the memory of this process.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseMemory(this DashStreamBuilder builder, Action<MemoryProviderOptions>? configure = null) =>
        Use(builder, section: null, configure);

    /// <summary>Keeps the stream in the memory of this process, with settings from a configuration section.</summary>
    public static DashStreamBuilder UseMemory(this DashStreamBuilder builder, IConfiguration section) => Use(builder, section, configure: null);

    /// <summary>
    /// For tests: swaps the provider of every stream registered so far for memory, whatever it was, and registers a <see cref="DashStreamProbe"/> that can wait
    /// for handlers and look into topics. Call it last.
    /// </summary>
    public static IServiceCollection UseInMemoryDashStream(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<DashStreamProbe>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IDeliveryObserver, DashStreamProbe>(sp => sp.GetRequiredService<DashStreamProbe>()));
        return services.ReplaceDashStreamProviders((sp, name) => Make(
            sp, sp.GetRequiredService<IOptionsMonitor<MemoryProviderOptions>>().Get(name ?? Options.DefaultName)));
    }

    private static DashStreamBuilder Use(DashStreamBuilder builder, IConfiguration? section, Action<MemoryProviderOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseProvider(Make, options => options.Faults(), section, configure);
    }

    private static MemoryProvider Make(IServiceProvider services, MemoryProviderOptions options) =>
        new(options, services.GetRequiredService<TimeProvider>());
}
