using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream.Health;

/// <summary>What a stream's health checks look at, and what they remember from one look to the next. Thread-safe.</summary>
internal sealed class StreamCondition(
    IStreamProvider provider, Func<IReadOnlyList<HandlerService>> handlers, IReadOnlyList<SpoolingDeadLetterSink> spools, DashStreamHealthOptions options,
    TimeProvider time)
{
    private readonly ConditionalWeakTable<DashStreamConsumer, ProgressWatch> _watches = new();
    private volatile StreamHealth? _last;

    public DashStreamHealthOptions Options => options;

    public TimeProvider Time => time;

    public IReadOnlyList<SpoolingDeadLetterSink> Spools => spools;

    /// <summary>The stream's hosted handlers.</summary>
    public IReadOnlyList<HandlerService> Handlers => handlers();

    /// <summary>What the provider said last, whenever that was; null when it was never asked.</summary>
    public StreamHealth? Last => _last;

    public static StreamCondition Create(IServiceProvider services, string? name)
    {
        var provider = name is null ? services.GetRequiredService<IStreamProvider>() : services.GetRequiredKeyedService<IStreamProvider>(name);
        var stream = services.GetRequiredService<IOptionsMonitor<DashStreamOptions>>().Get(name ?? Microsoft.Extensions.Options.Options.DefaultName);
        var options = services.GetRequiredService<IOptionsMonitor<DashStreamHealthOptions>>().Get(name ?? Microsoft.Extensions.Options.Options.DefaultName);
        var spools = new[] { stream.Consumer.DeadLetters, stream.Producer.DeadLetters }.OfType<SpoolingDeadLetterSink>().Distinct().ToList();
        var hosted = new Lazy<IReadOnlyList<HandlerService>>(
            () => [.. services.GetServices<IHostedService>().OfType<HandlerService>().Where(handler => handler.Stream == name)]);
        return new StreamCondition(provider, () => hosted.Value, spools, options, services.GetRequiredService<TimeProvider>());
    }

    /// <summary>Asks the provider; null when it does not answer in time.</summary>
    public async ValueTask<StreamHealth?> AskAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // Not every backend's client obeys a token at once, and a probe has little time.
            var health = await provider.CheckHealthAsync(linked.Token).OrLeaveAsync(linked.Token).ConfigureAwait(false);
            _last = health;
            return health;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (StreamException e)
        {
            return new StreamHealth(Alive: e.Kind != StreamErrorKind.Fatal, Ready: false, $"The provider could not be asked: {HealthText.Of(e)}.", []);
        }
    }

    /// <summary>How long a consumer has finished nothing although it had work.</summary>
    public TimeSpan StandingFor(DashStreamConsumer consumer, long finished, bool hasWork) =>
        _watches.GetValue(consumer, _ => new ProgressWatch(time)).StandingFor(finished, hasWork);
}
