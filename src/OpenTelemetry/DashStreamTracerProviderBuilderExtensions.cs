using DashStream;

namespace OpenTelemetry.Trace;

/// <summary>Adds DashStream's spans to an application's traces.</summary>
public static class DashStreamTracerProviderBuilderExtensions
{
    /// <summary>
    /// Records the spans of every stream in this process: <c>send</c>, <c>create</c>, <c>receive</c> and <c>process</c>, and those of recorded runs. Trace context
    /// travels in record headers whether or not this is called, as long as there is a current span.
    /// </summary>
    /// <param name="builder">The builder.</param>
    public static TracerProviderBuilder AddDashStreamInstrumentation(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource(DashStreamTelemetry.SourceName, DashStreamTelemetry.SourceName + ".*");
    }
}
