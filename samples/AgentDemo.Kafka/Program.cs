using AgentDemo;
using DashStream;
using DashStream.Providers;

return await DemoProgram.RunAsync(args, static (stream, store) =>
{
    const string scheme = "kafka:";
    if (!store.StartsWith(scheme, StringComparison.Ordinal))
    {
        return false;
    }

    // Servers from the URI, credentials from the environment: see KafkaEnvironment.
    var servers = store[scheme.Length..].Trim('/');
    stream.UseKafka(servers, static options => options.Security = KafkaProviderOptions.FromEnvironment().Security);
    return true;
});
