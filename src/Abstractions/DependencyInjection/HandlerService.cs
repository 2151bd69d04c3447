using DashStream.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>What a hosted consumer runs.</summary>
internal sealed record HandlerRegistration(Type Handler, string Topic, string Group, Action<DashStreamConsumerOptions>? Configure);

/// <summary>
/// Runs one handler for as long as the host runs. A backend that is not there yet is waited for; a permanent failure ends the service, and the host decides
/// what that means. The stop begins with that of the host, so that many handlers share its time, and keeps within the host's own limit; what is left to do
/// then (a commit, leaving the group) is done before the provider is disposed.
/// </summary>
internal sealed class HandlerService : BackgroundService, IAsyncDisposable
{
    private static readonly TimeSpan OpenRetry = TimeSpan.FromSeconds(1);

    private readonly IServiceProvider _services;
    private readonly DashStreamClient _client;
    private readonly DashStreamConsumerOptions _options;
    private readonly HandlerRegistration _registration;
    private readonly IDeliveryObserver[] _observers;
    private readonly ShutdownLimit _limit;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationToken _hostStops;
    private volatile DashStreamConsumer? _running;
    private volatile Exception? _openError;

    private HandlerService(
        IServiceProvider services, string? stream, DashStreamClient client, DashStreamConsumerOptions options, HandlerRegistration registration)
    {
        Stream = stream;
        _services = services;
        _client = client;
        _options = options;
        _registration = registration;
        _observers = [.. services.GetServices<IDeliveryObserver>()];
        _limit = services.GetRequiredService<ShutdownLimit>();
        _time = services.GetRequiredService<TimeProvider>();
        _logger = Log.For(services);
        _hostStops = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
    }

    /// <summary>The name of its stream; null for the unnamed one.</summary>
    public string? Stream { get; }

    /// <summary>What people know it by.</summary>
    public string Title => $"{_registration.Topic}/{_registration.Group}";

    /// <summary>The consumer that reads just now; null while there is none.</summary>
    public DashStreamConsumer? Running => _running;

    /// <summary>What it is at.</summary>
    public HandlerState State => ExecuteTask switch
    {
        { IsFaulted: true } => HandlerState.Failed,
        { IsCompleted: true } => HandlerState.Stopped,
        _ => _running is null ? HandlerState.Opening : HandlerState.Running,
    };

    /// <summary>What ended it, or what it waits for to pass; null when all is well.</summary>
    public Exception? Error => ExecuteTask?.Exception?.InnerException ?? _openError;

    public static HandlerService Create(IServiceProvider services, string? name, HandlerRegistration registration)
    {
        var client = name is null ? services.GetRequiredService<DashStreamClient>() : services.GetRequiredKeyedService<DashStreamClient>(name);
        var options = services.GetRequiredService<IOptionsMonitor<DashStreamOptions>>().Get(name ?? Options.DefaultName).Consumer.Copy();
        registration.Configure?.Invoke(options);
        OptionFaults.ThrowIfAny($"Consumer settings of {registration.Handler.Name} ({registration.Topic}, {registration.Group})", options.Faults());
        return new HandlerService(services, name, client, options, registration);
    }

    /// <summary>Ends reading and waits for running handlers; when the host's limit comes first, they are cancelled.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(_ => GiveUp(), null).ConfigureAwait(false))
        {
            await base.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives a stop that was cut short what is left of the last moment, to commit and to leave.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (ExecuteTask is { IsCompleted: false } leaving)
        {
            GiveUp();
            await leaving.WaitAsync(_limit.Within(ShutdownLimit.LastMoment), _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, _hostStops);
        await RunAgainAsync(stopping.Token).ConfigureAwait(false);
    }

    private void GiveUp()
    {
        _limit.Pass();
        _running?.AbandonHandlers();
    }

    private async Task RunAgainAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var consumer = await _client.OpenConsumerAsync(_registration.Topic, _registration.Group, _options, stoppingToken).ConfigureAwait(false);
                await using (consumer.ConfigureAwait(false))
                {
                    await RunToTheEndAsync(consumer, stoppingToken).ConfigureAwait(false);
                }
            }
            catch (StreamException e) when (e.IsTransient)
            {
                _openError = e;
                Log.ReadRetried(_logger, _registration.Topic, OpenRetry, e);
                await Task.Delay(OpenRetry, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task RunToTheEndAsync(DashStreamConsumer consumer, CancellationToken stoppingToken)
    {
        _running = consumer;
        _openError = null;
        try
        {
            await RunAsync(consumer, stoppingToken).ConfigureAwait(false);
        }
        finally
        {
            _running = null;
        }

        // It has stopped, and says again how that went.
        var receipt = await consumer.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        var level = receipt.Complete && receipt.Left == 0 ? LogLevel.Information : LogLevel.Warning;
        Log.HandlerStopped(_logger, level, _registration.Topic, _registration.Group, receipt.Finished, receipt.Left, receipt.Complete, receipt.Committed.Count);
    }

    private Task RunAsync(DashStreamConsumer consumer, CancellationToken stoppingToken) =>
        _registration.Handler.IsAssignableTo(typeof(IBatchMessageHandler))
            ? consumer.RunBatchesAsync(HandleAsync, stoppingToken)
            : consumer.RunAsync(HandleAsync, stoppingToken);

    private ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        ObservedAsync([message], handler => ((IMessageHandler)handler).HandleAsync(message, cancellationToken));

    private ValueTask HandleAsync(IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken) =>
        ObservedAsync(messages, handler => ((IBatchMessageHandler)handler).HandleAsync(messages, cancellationToken));

    private async ValueTask ObservedAsync(IReadOnlyList<ReceivedMessage> messages, Func<object, ValueTask> handle)
    {
        try
        {
            var scope = _services.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await handle(scope.ServiceProvider.GetRequiredService(_registration.Handler)).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            Tell(messages, (observer, message) => observer.Failed(_registration.Topic, _registration.Group, message, e));
            throw;
        }

        Tell(messages, (observer, message) => observer.Handled(_registration.Topic, _registration.Group, message));
    }

    private void Tell(IReadOnlyList<ReceivedMessage> messages, Action<IDeliveryObserver, ReceivedMessage> tell)
    {
        foreach (var observer in _observers)
        {
            foreach (var message in messages)
            {
                try
                {
                    tell(observer, message);
                }
                catch (Exception e)
                {
                    // What was handled stays handled, and what failed failed by its own error.
                    Log.ObserverFailed(_logger, _registration.Topic, _registration.Group, e);
                }
            }
        }
    }
}
