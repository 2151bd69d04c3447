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
    public static DashStreamBuilder UseMemory(this DashStreamBuilder builder, Action<MemoryProviderOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ValidateOptions<MemoryProviderOptions>(options => options.Faults());
        builder.Services.AddOptions<MemoryProviderOptions>(builder.OptionsName).Configure(configure ?? (_ => { }));
        return builder.UseProvider(sp => Make(sp, builder.OptionsName));
    }

    /// <summary>Keeps the stream in the memory of this process, with settings from a configuration section.</summary>
    public static DashStreamBuilder UseMemory(this DashStreamBuilder builder, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.BindOptions<MemoryProviderOptions>(section);
        return builder.UseMemory();
    }

    /// <summary>
    /// For tests: swaps the provider of every stream registered so far for memory, whatever it was, and registers a <see cref="DashStreamProbe"/> that can wait
    /// for handlers and look into topics. Call it last.
    /// </summary>
    public static IServiceCollection UseInMemoryDashStream(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<DashStreamProbe>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IDeliveryObserver, DashStreamProbe>(sp => sp.GetRequiredService<DashStreamProbe>()));
        return services.ReplaceDashStreamProviders((sp, name) => Make(sp, name ?? Options.DefaultName));
    }

    private static MemoryProvider Make(IServiceProvider services, string optionsName) => new(
        services.GetRequiredService<IOptionsMonitor<MemoryProviderOptions>>().Get(optionsName),
        services.GetRequiredService<TimeProvider>());
}
