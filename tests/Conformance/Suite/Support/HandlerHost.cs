using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace DashStream.Conformance;

/// <summary>A hosted handler and the health checks of its stream, as an application registers them.</summary>
internal sealed class HandlerHost : IAsyncDisposable
{
    public const string Live = "live";
    public const string Ready = "ready";

    private readonly ServiceProvider _services;
    private readonly IHostedService _hosted;

    private HandlerHost(ServiceProvider services)
    {
        _services = services;
        _hosted = services.GetServices<IHostedService>().Single(service => service.GetType().Assembly == typeof(DashStreamConsumer).Assembly);
    }

    public static async Task<HandlerHost> StartAsync(IStreamProvider provider, string topic, string group,
        Func<ReceivedMessage, CancellationToken, ValueTask> handle, Action<DashStreamConsumerOptions> configure)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(new Handling(handle));
        services.AddDashStream().UseProvider(_ => provider).AddHandler<Handler>(topic, group, configure)
            .AddHealthChecks(options => (options.NoProgressAfter, options.LiveTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)));
        var host = new HandlerHost(services.BuildServiceProvider());
        await host._hosted.StartAsync(CancellationToken.None);
        return host;
    }

    /// <summary>What the check says just now.</summary>
    public async Task<HealthReportEntry> CheckAsync(string tag)
    {
        var report = await _services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(tag));
        return report.Entries.Values.Single();
    }

    /// <summary>Checks until it is so, and says why.</summary>
    public async Task UntilAsync(string tag, HealthStatus status, string why = "")
    {
        var said = "";
        await Waits.UntilAsync(
            async () =>
            {
                var entry = await CheckAsync(tag);
                said = $"{entry.Status}: {entry.Description}";
                return entry.Status == status && entry.Description!.Contains(why, StringComparison.Ordinal);
            },
            () => $"{tag} was to be {status} because of '{why}' and is {said}");
    }

    public async ValueTask DisposeAsync()
    {
        await _hosted.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    private sealed record Handling(Func<ReceivedMessage, CancellationToken, ValueTask> Handle);

    private sealed class Handler(Handling handling) : IMessageHandler
    {
        public ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken) => handling.Handle(message, cancellationToken);
    }
}
