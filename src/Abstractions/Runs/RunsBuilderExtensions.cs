using DashStream.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>Registers the recording of agent runs.</summary>
public static class RunsBuilderExtensions
{
    /// <summary>
    /// Registers <see cref="DashStreamRuns"/> as a singleton (keyed, for a named stream) that records into a topic of this stream. The last call wins. The
    /// container stops it, within <see cref="DashStreamRunsOptions.StopTimeout"/>, before the producers.
    /// Where the stream redacts what it sends, states are redacted by the same rules before they are compared and hashed, unless
    /// <see cref="DashStreamRunsOptions.StateFilter"/> is set.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="topic">The topic; it is created as the provider's settings say, or must exist.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <exception cref="StreamException">The name is invalid.</exception>
    public static DashStreamBuilder AddRuns(this DashStreamBuilder builder, string topic, Action<DashStreamRunsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        StreamNames.ThrowIfInvalidTopic(topic);
        var (services, name, optionsName) = (builder.Services, builder.Name, builder.OptionsName);
        services.AddOptions<DashStreamRunsOptions>(optionsName).Configure(configure ?? (_ => { }))
            .PostConfigure<IServiceProvider>((options, sp) => options.StateFilter ??= new StreamRedactor(sp, optionsName).Json);
        builder.ValidateOptions<DashStreamRunsOptions>(options => options.Faults());
        if (name is null)
        {
            services.RemoveAll<DashStreamRuns>();
            services.AddSingleton(sp => Make(sp, sp.GetRequiredService<DashStreamClient>()));
        }
        else
        {
            services.RemoveAllKeyed<DashStreamRuns>(name);
            services.AddKeyedSingleton(name, (sp, _) => Make(sp, sp.GetRequiredKeyedService<DashStreamClient>(name)));
        }

        return builder;

        DashStreamRuns Make(IServiceProvider sp, DashStreamClient client) => new(
            client, topic, sp.GetRequiredService<IOptionsMonitor<DashStreamRunsOptions>>().Get(optionsName), sp.GetRequiredService<TimeProvider>())
        {
            Limit = sp.GetRequiredService<ShutdownLimit>(),
        };
    }

    /// <summary>
    /// Records what Microsoft.Extensions.AI, Semantic Kernel, Agent Framework and others tell about model calls, tools and agents: registers
    /// <see cref="GenAiRecording"/> and starts it with the host. Where <see cref="AddRuns"/> was not called for this stream before, it is now.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="topic">The topic for <see cref="AddRuns"/>.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <exception cref="StreamException">The name is invalid.</exception>
    public static DashStreamBuilder AddGenAiRecording(this DashStreamBuilder builder, string topic, Action<GenAiRecordingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (services, name, optionsName) = (builder.Services, builder.Name, builder.OptionsName);
        if (!services.Any(descriptor => descriptor.ServiceType == typeof(DashStreamRuns) && Equals(descriptor.ServiceKey, name)))
        {
            builder.AddRuns(topic);
        }

        services.AddOptions<GenAiRecordingOptions>(optionsName).Configure(configure ?? (_ => { }));
        builder.ValidateOptions<GenAiRecordingOptions>(options => options.Faults());
        services.TryAddKeyedSingleton(name ?? Options.DefaultName, (sp, _) => new GenAiRecording(
            name is null ? sp.GetRequiredService<DashStreamRuns>() : sp.GetRequiredKeyedService<DashStreamRuns>(name),
            sp.GetRequiredService<IOptionsMonitor<GenAiRecordingOptions>>().Get(optionsName)));
        services.AddSingleton<IHostedService>(sp => new GenAiRecordingStart(() => sp.GetRequiredKeyedService<GenAiRecording>(name ?? Options.DefaultName)));
        return builder;
    }
}
