using DashStream;
using DashStream.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Tells a host's health checks how a stream is.</summary>
public static class HealthBuilderExtensions
{
    private const string Live = "live";
    private const string Ready = "ready";

    /// <summary>
    /// Registers two checks of the stream, for the host's own endpoints to choose by tag. <c>dashstream-live</c> (tag <c>live</c>): the process can go on by itself;
    /// when it fails, restart. <c>dashstream-ready</c> (tag <c>ready</c>): the backend answers now, and handlers get on with their work. A named stream's are
    /// <c>dashstream-NAME-live</c> and <c>dashstream-NAME-ready</c>. Their data name numbers and causes, never a payload. Handlers registered with
    /// <see cref="DashStreamBuilder.AddHandler{T}"/> are seen; whoever opens consumers looks at <see cref="DashStreamConsumer.Status"/>.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings.</param>
    public static DashStreamBuilder AddHealthChecks(this DashStreamBuilder builder, Action<DashStreamHealthOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (name, services) = (builder.Name, builder.Services);
        services.AddOptions<DashStreamHealthOptions>(builder.OptionsName).Configure(configure ?? (_ => { }));
        builder.ValidateOptions<DashStreamHealthOptions>(options => options.Faults());
        if (services.Any(descriptor => descriptor.ServiceType == typeof(StreamCondition) && Equals(descriptor.ServiceKey, name ?? "")))
        {
            return builder;
        }

        services.AddKeyedSingleton(name ?? "", (sp, _) => StreamCondition.Create(sp, name));
        services.AddHealthChecks()
            .Add(new HealthCheckRegistration(NameOf(name, Live), sp => new LiveCheck(ConditionOf(sp, name)), failureStatus: null, [Live, "dashstream"]))
            .Add(new HealthCheckRegistration(NameOf(name, Ready), sp => new ReadyCheck(ConditionOf(sp, name)), failureStatus: null, [Ready, "dashstream"]));
        return builder;
    }

    private static string NameOf(string? stream, string check) => stream is null ? $"dashstream-{check}" : $"dashstream-{stream}-{check}";

    private static StreamCondition ConditionOf(IServiceProvider services, string? name) => services.GetRequiredKeyedService<StreamCondition>(name ?? "");
}
