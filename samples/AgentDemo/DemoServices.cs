using AgentDemo.Library;
using AgentDemo.Reading;
using DashStream;
using Microsoft.Extensions.DependencyInjection;

namespace AgentDemo;

/// <summary>What the demo is made of. Only the provider's one line knows which store is used.</summary>
internal static class DemoServices
{
    public static IServiceCollection AddAgentDemo(
        this IServiceCollection services, string store, Func<DashStreamBuilder, string, bool>? otherStore = null)
    {
        var stream = services.AddDashStream();
        if (otherStore is null || !otherStore(stream, store))
        {
            stream.UseStore(store);
        }

        services.AddSingleton<NoteLibrary>();
        services.AddSingleton<GroupReader>();
        services.AddSingleton<AgentRecording>();
        services.AddSingleton<RunsImport>();
        return services;
    }

    private static DashStreamBuilder UseStore(this DashStreamBuilder stream, string store)
    {
        var (scheme, place) = store.IndexOf(':', StringComparison.Ordinal) is var colon && colon < 0 ? (store, "") : (store[..colon], store[(colon + 1)..]);
        return (scheme, place) switch
        {
            ("memory", _) => stream.UseMemory(),
            ("file", { Length: > 0 }) => stream.UseFile(place),
            ("sqlite", { Length: > 0 }) => stream.UseSqlite(place),
            ("redis" or "rediss", { Length: > 0 }) => stream.UseRedis(place.Trim('/'), options =>
            {
                options.Connection.Tls = scheme == "rediss";
                options.Connection.User = Environment.GetEnvironmentVariable("REDIS_USERNAME");
                options.Connection.Password = Environment.GetEnvironmentVariable("REDIS_PASSWORD");
            }),
            ("kafka", _) => throw new ArgumentException("This program is built without Kafka; samples/AgentDemo.Kafka is the same with it.", nameof(store)),
            _ => throw new ArgumentException($"'{store}' is no store; known are memory:, file:DIR, sqlite:PATH, redis://HOST:PORT.", nameof(store)),
        };
    }
}
