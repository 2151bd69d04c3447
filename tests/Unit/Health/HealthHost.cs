using DashStream.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DashStream.Tests.Health;

/// <summary>A host with one handler on <c>events</c> and the stream's health checks.</summary>
internal sealed class HealthHost : IAsyncDisposable
{
    private readonly IHost _host;

    private HealthHost(IHost host) => _host = host;

    public static async Task<HealthHost> StartAsync(TunableProvider provider, Func<ReceivedMessage, CancellationToken, ValueTask>? handler = null,
        Action<DashStreamBuilder>? configure = null, Action<DashStreamConsumerOptions>? consumer = null, Action<HostOptions>? hosting = null,
        ILoggerProvider? logger = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        if (logger is not null)
        {
            builder.Logging.AddProvider(logger);
        }

        builder.Services.Configure<HostOptions>(options =>
        {
            options.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore;
            hosting?.Invoke(options);
        });
        builder.Services.AddSingleton(new Handling(handler ?? ((_, _) => ValueTask.CompletedTask)));
        var stream = builder.Services.AddDashStream().UseProvider(_ => provider).AddHandler<Handler>("events", "group", consumer)
            .AddHealthChecks(options => options.NoProgressAfter = TimeSpan.FromMilliseconds(200));
        configure?.Invoke(stream);
        var host = new HealthHost(builder.Build());
        await host._host.StartAsync();
        return host;
    }

    public IServiceProvider Services => _host.Services;

    public DashStreamConsumer? Consumer => Services.GetServices<IHostedService>().OfType<HandlerService>().Single().Running;

    public async Task SendAsync(string thread = "t", ulong sequence = 0)
    {
        var producer = await Services.GetRequiredService<DashStreamClient>().GetProducerAsync("events");
        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = thread, Sequence = sequence }, Text = "secret" });
    }

    public async Task<HealthReportEntry> CheckAsync(string tag)
    {
        var report = await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(tag));
        return report.Entries.Single().Value;
    }

    /// <summary>Checks until the state is as expected and the description holds the text.</summary>
    public async Task<HealthReportEntry> UntilAsync(string tag, HealthStatus status, string text = "")
    {
        HealthReportEntry entry = default;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!limit.IsCancellationRequested)
        {
            entry = await CheckAsync(tag);
            Assert.IsFalse(entry.Description!.Contains("secret", StringComparison.Ordinal));
            if (entry.Status == status && entry.Description.Contains(text, StringComparison.Ordinal))
            {
                return entry;
            }

            await Task.Delay(10, CancellationToken.None);
        }

        throw new AssertFailedException($"Not {status} with '{text}' but {entry.Status}: {entry.Description}");
    }

    public Task StopAsync() => _host.StopAsync();

    /// <summary>Disposes the container without another stop.</summary>
    public Task DisposeStoppedAsync() => ((IAsyncDisposable)_host).DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    internal sealed record Handling(Func<ReceivedMessage, CancellationToken, ValueTask> Handle);

    internal sealed class Handler(Handling handling) : IMessageHandler
    {
        public ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken) => handling.Handle(message, cancellationToken);
    }
}
