using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace DashStream.Tests.Telemetry;

/// <summary>Listens to every instrument of ours and keeps what they say.</summary>
internal sealed class MeterRecorder : IDisposable
{
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _said = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new();
    private readonly MeterListener _listener = new();

    public MeterRecorder()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(DashStreamTelemetry.MeterName, StringComparison.Ordinal))
            {
                _instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyCollection<Instrument> Instruments => [.. _instruments.Values];

    /// <summary>Every label value that was told.</summary>
    public IEnumerable<string?> Labels => _said.SelectMany(one => one.Tags.Values).Select(value => value?.ToString());

    public double Sum(string name) => _said.Where(one => one.Name == name).Sum(one => one.Value);

    public IReadOnlyList<Dictionary<string, object?>> TagsOf(string name) => [.. _said.Where(one => one.Name == name).Select(one => one.Tags)];

    public Task UntilAsync(string name, double sum) => Client.ScriptedConsumer.UntilAsync(() => Sum(name) >= sum);

    public void Dispose() => _listener.Dispose();

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _said.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value)));
}
