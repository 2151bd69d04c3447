using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace DashStream.Conformance.Redis;

/// <summary>Listens to the limiter's two instruments, and to the gate of the producer before it. Tests beside this one count too.</summary>
internal sealed class LimiterMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Tag), double> _counts = new();

    public LimiterMetrics()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == DashStreamTelemetry.MeterName && instrument.Name.StartsWith("dashstream_rate_limiter", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument.Name, 1, tags));
        _listener.Start();
    }

    /// <summary>The sum of a counter, or how often a histogram was given something, with that tag value.</summary>
    public double Of(string name, string tag) => _counts.GetValueOrDefault((name, tag));

    public void Dispose() => _listener.Dispose();

    private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (_, tag) in tags)
        {
            _counts.AddOrUpdate((name, (string)tag!), value, (_, sum) => sum + value);
        }
    }
}
