using System.Diagnostics.Metrics;

namespace DashStream.Conformance;

/// <summary>Adds up one counter of the client while a case runs. Other cases may count beside it: use it for "at least".</summary>
internal sealed class Tally : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _sum;

    public Tally(string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Name == instrument)
            {
                listener.EnableMeasurementEvents(published);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _sum, value));
        _listener.Start();
    }

    public long Sum => Interlocked.Read(ref _sum);

    public void Dispose() => _listener.Dispose();
}
