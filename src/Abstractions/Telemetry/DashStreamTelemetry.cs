namespace DashStream;

/// <summary>The names under which DashStream can be observed, for listeners that do not use the OpenTelemetry package.</summary>
public static class DashStreamTelemetry
{
    /// <summary>The <see cref="System.Diagnostics.ActivitySource"/> of the client's spans. Others of ours begin with this name and a dot.</summary>
    public const string SourceName = "DashStream";

    /// <summary>The <see cref="System.Diagnostics.Metrics.Meter"/> of the client's instruments. Providers' own begin with this name and a dot.</summary>
    public const string MeterName = "DashStream";
}
