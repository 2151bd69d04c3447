using DashStream;

namespace OpenTelemetry.Metrics;

/// <summary>Adds DashStream's instruments to an application's metrics.</summary>
public static class DashStreamMeterProviderBuilderExtensions
{
    /// <summary>Records the instruments of every stream in this process: those of the pipeline, and those of providers such as <c>DashStream.Kafka</c>.</summary>
    /// <param name="builder">The builder.</param>
    public static MeterProviderBuilder AddDashStreamInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter(DashStreamTelemetry.MeterName, DashStreamTelemetry.MeterName + ".*");
    }
}
