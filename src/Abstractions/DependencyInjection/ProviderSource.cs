namespace DashStream;

/// <summary>
/// How a stream's provider is made. It is a registration of its own so that a test can swap the provider and keep whatever decorates it.
/// </summary>
internal sealed class ProviderSource(Func<IServiceProvider, IStreamProvider> make)
{
    public IStreamProvider Make(IServiceProvider services) => make(services);
}
