using Microsoft.Extensions.DependencyInjection;

namespace DashStream;

/// <summary>Decorates a keyed singleton, which Scrutor leaves alone.</summary>
internal static class KeyedDecoration
{
    public static void Decorate<TService, TDecorator>(IServiceCollection services, object key)
        where TService : class
        where TDecorator : class, TService
    {
        var inner = services.Last(descriptor => descriptor.ServiceType == typeof(TService) && Equals(descriptor.ServiceKey, key));
        var innerKey = new object();
        services.Remove(inner);
        services.AddKeyedSingleton<TService>(innerKey, (sp, _) => (TService)inner.KeyedImplementationFactory!(sp, key));
        services.AddKeyedSingleton<TService>(
            key, (sp, _) => ActivatorUtilities.CreateInstance<TDecorator>(sp, sp.GetRequiredKeyedService<TService>(innerKey)));
    }
}
