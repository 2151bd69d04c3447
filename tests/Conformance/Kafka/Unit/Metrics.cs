using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Listens to the provider's meters.</summary>
internal sealed class Metrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _measurements = new();
    private readonly ConcurrentQueue<Instrument> _instruments = new();

    /// <param name="servers">Whose measurements count; null for everybody's.</param>
    public Metrics(string? servers = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == KafkaMeter.Name)
            {
                _instruments.Enqueue(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags, servers));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags, servers));
        _listener.Start();
    }

    public IReadOnlyCollection<Instrument> Instruments => _instruments;

    /// <summary>Asks the gauges.</summary>
    public void Collect() => _listener.RecordObservableInstruments();

    public void Clear() => _measurements.Clear();

    /// <summary>Measurements of an instrument in their order, as text.</summary>
    public string Of(string name) =>
        string.Join("; ", _measurements.Where(measurement => measurement.Name == name).Select(measurement => FormattableString.Invariant($"{measurement.Value} {measurement.Tags}")));

    /// <summary>What the measurements of an instrument with that tag add up to.</summary>
    public double Sum(string name, string tag = "") =>
        _measurements.Where(measurement => measurement.Name == name && measurement.Tags.Contains(tag, StringComparison.Ordinal)).Sum(measurement => measurement.Value);

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, string? servers)
    {
        var all = tags.ToArray();
        if (servers is null || Array.Exists(all, tag => tag.Key == "server.address" && Equals(tag.Value, servers)))
        {
            _measurements.Enqueue((instrument.Name, value, string.Join(' ', all.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"))));
        }
    }
}
