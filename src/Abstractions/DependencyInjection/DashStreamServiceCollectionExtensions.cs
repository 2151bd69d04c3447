using DashStream;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers streams.</summary>
public static class DashStreamServiceCollectionExtensions
{
    /// <summary>
    /// Registers the unnamed stream: <see cref="IStreamProvider"/> and <see cref="DashStreamClient"/> as singletons. Choose a provider on the result, such as
    /// <c>.UseSqlite(path)</c>; without one, resolving fails and says so.
    /// </summary>
    public static DashStreamBuilder AddDashStream(this IServiceCollection services) => Add(services, name: null);

    /// <summary>Registers a named stream beside others: the same services, keyed by <paramref name="name"/>.</summary>
    public static DashStreamBuilder AddDashStream(this IServiceCollection services, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Add(services, name);
    }

    /// <summary>
    /// Gives every stream registered so far another provider, whatever was chosen; decorations stay. For tests; see also <c>UseInMemoryDashStream</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="factory">Makes the provider of a stream, given its name (null for the unnamed one).</param>
    public static IServiceCollection ReplaceDashStreamProviders(this IServiceCollection services, Func<IServiceProvider, string?, IStreamProvider> factory)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(factory);
        foreach (var client in services.Where(descriptor => descriptor.ServiceType == typeof(DashStreamClient)).ToList())
        {
            var name = (string?)client.ServiceKey;
            new DashStreamBuilder(services, name).UseProvider(sp => factory(sp, name));
        }

        return services;
    }

    private static DashStreamBuilder Add(IServiceCollection services, string? name)
    {
        ArgumentNullException.ThrowIfNull(services);
        var builder = new DashStreamBuilder(services, name);
        if (services.Any(descriptor => descriptor.ServiceType == typeof(DashStreamClient) && Equals(descriptor.ServiceKey, name)))
        {
            return builder;
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(sp => new ShutdownLimit(sp.GetRequiredService<TimeProvider>()));
        builder.ValidateOptions<DashStreamOptions>(options => options.Faults());
        if (name is null)
        {
            services.AddSingleton(sp => MakeProvider(sp, name));
            services.AddSingleton(sp => MakeClient(sp, name, sp.GetRequiredService<IStreamProvider>()));
        }
        else
        {
            services.AddKeyedSingleton(name, (sp, _) => MakeProvider(sp, name));
            services.AddKeyedSingleton(name, (sp, _) => MakeClient(sp, name, sp.GetRequiredKeyedService<IStreamProvider>(name)));
        }

        return builder;
    }

    private static IStreamProvider MakeProvider(IServiceProvider services, string? name)
    {
        var source = services.GetKeyedService<ProviderSource>(DashStreamBuilder.SourceKey(name))
            ?? throw new InvalidOperationException(
                $"The DashStream stream {(name is null ? "(unnamed)" : $"'{name}'")} has no provider. Choose one where it is registered, such as .UseMemory() or .UseSqlite(path).");
        return source.Make(services);
    }

    private static DashStreamClient MakeClient(IServiceProvider services, string? name, IStreamProvider provider) => new(
        provider,
        services.GetRequiredService<IOptionsMonitor<DashStreamOptions>>().Get(name),
        Log.For(services),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ShutdownLimit>());
}
