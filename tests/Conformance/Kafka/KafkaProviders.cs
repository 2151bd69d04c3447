using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Opens the provider under test on the server that the run shares.</summary>
internal static class KafkaProviders
{
    public static async ValueTask<IStreamProvider> OpenAsync(ProviderSetup setup, KafkaGroupProtocol protocol)
    {
        var server = await KafkaServerFixture.ServerAsync();
        server.RequireReal();
        return new KafkaProvider(new KafkaProviderOptions
        {
            BootstrapServers = server.BootstrapServers,
            CreateMissingTopics = setup.CreateMissingTopics,
            GroupProtocol = protocol,
        });
    }

    public static async ValueTask<KafkaProvider> OpenAsync(Action<KafkaProviderOptions> configure)
    {
        var server = await KafkaServerFixture.ServerAsync();
        server.RequireReal();
        var options = new KafkaProviderOptions { BootstrapServers = server.BootstrapServers };
        configure(options);
        return new KafkaProvider(options);
    }
}
