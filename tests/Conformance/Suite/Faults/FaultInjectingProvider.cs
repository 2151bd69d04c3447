using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>
/// A provider whose faults follow a plan: sends that are refused, lost, doubled, delayed or stored without a reply; reads that fail or wait; connections torn
/// with work in hand; commits that fail before or after they count. It keeps the contract all the while, so whoever loses a message on it would lose it in
/// production. Put it around any provider: <c>DecorateProvider&lt;FaultInjectingProvider&gt;()</c> with a <see cref="FaultPlan"/> in the container. Thread-safe.
/// </summary>
public sealed class FaultInjectingProvider : IStreamProvider
{
    private readonly IStreamProvider _inner;
    private readonly FaultPlan _plan;
    private readonly TimeProvider _time;
    private readonly FaultJournal? _journal;
    private readonly ConcurrentDictionary<string, int> _opened = new(StringComparer.Ordinal);

    /// <summary>Wraps a provider, which it disposes.</summary>
    /// <param name="inner">The provider that works.</param>
    /// <param name="plan">Which faults happen.</param>
    /// <param name="time">The clock of the waits; null means the system's.</param>
    public FaultInjectingProvider(IStreamProvider inner, FaultPlan plan, TimeProvider? time = null)
        : this(inner, plan, time ?? TimeProvider.System, journal: null)
    {
    }

    internal FaultInjectingProvider(IStreamProvider inner, FaultPlan plan, TimeProvider time, FaultJournal? journal)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(plan);
        (_inner, _plan, _time, _journal) = (inner, plan, time, journal);
    }

    /// <summary>Whether producers are those of the wrapped provider, as they are.</summary>
    internal bool HandsProducersThrough { get; init; }

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public ProviderCapabilities Capabilities => _inner.Capabilities;

    /// <inheritdoc/>
    public IStreamAdmin Admin => _inner.Admin;

    /// <inheritdoc/>
    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default)
    {
        var id = NextId("producer");
        var producer = await _inner.OpenProducerAsync(topic, cancellationToken);
        return HandsProducersThrough ? producer : new FaultInjectingProducer(producer, id, _plan, _time, _journal);
    }

    /// <inheritdoc/>
    public async ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var id = NextId($"consumer {options.MemberName}");
        var consumer = new FaultInjectingConsumer(_inner, topic, options, id, _plan, _time, _journal);
        await consumer.OpenAsync(cancellationToken);
        return consumer;
    }

    /// <inheritdoc/>
    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => _inner.CheckHealthAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private string NextId(string what)
    {
        var ordinal = _opened.AddOrUpdate(what, 0, static (_, last) => last + 1);
        if (_plan.Happens(FaultPoint.FailedOpen, _plan.Rates.FailedOpens, what, ordinal))
        {
            throw Fault("opening", StreamErrorKind.Transient);
        }

        return $"{what}, {ordinal}";
    }

    internal static StreamException Fault(string what, StreamErrorKind kind) => new(kind, $"The fault plan made {what} fail.");
}
