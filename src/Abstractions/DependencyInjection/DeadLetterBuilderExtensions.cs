using DashStream;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Gives a stream a place for its dead letters.</summary>
public static class DeadLetterBuilderExtensions
{
    /// <summary>
    /// Registers an <see cref="IDeadLetterSink"/> (keyed by the stream's name) that the stream's producers and consumers use, unless they have one of their own.
    /// With <see cref="DeadLetterSpoolOptions.Folder"/> set, letters wait there while the provider is away. Settings are checked when the host starts.
    /// Where the stream redacts what it sends, error texts are redacted by the same rules, unless <see cref="DeadLetterOptions.Scrub"/> is set.
    /// </summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings in code, last.</param>
    /// <param name="section">Where settings come from, such as <c>Topic</c> and <c>Spool:Folder</c>; unknown keys are refused. Null: nowhere.</param>
    /// <param name="provider">Where the letters go; null means the stream's own provider. Not disposed here: take a registered one.</param>
    public static DashStreamBuilder UseDeadLetters(this DashStreamBuilder builder, Action<DeadLetterOptions>? configure = null,
        IConfiguration? section = null, Func<IServiceProvider, IStreamProvider>? provider = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (section is not null)
        {
            builder.BindOptions<DeadLetterOptions>(section);
        }

        var name = builder.Name;
        var services = builder.Services;
        services.AddOptions<DeadLetterOptions>(builder.OptionsName).Configure(configure ?? (_ => { }))
            .PostConfigure<IServiceProvider>((options, sp) => options.Scrub ??= new StreamRedactor(sp, builder.OptionsName).Text);
        builder.ValidateOptions<DeadLetterOptions>(options => options.Faults());
        services.RemoveAllKeyed<DeadLetterPlace>(name ?? "");
        services.AddKeyedSingleton(name ?? "", (sp, _) => new DeadLetterPlace(MakeSink(sp, name, provider)));
        if (name is null)
        {
            services.RemoveAll<IDeadLetterSink>();
            services.AddSingleton(sp => sp.GetRequiredKeyedService<DeadLetterPlace>("").Sink);
        }
        else
        {
            services.RemoveAllKeyed<IDeadLetterSink>(name);
            services.AddKeyedSingleton(name, (sp, _) => sp.GetRequiredKeyedService<DeadLetterPlace>(name).Sink);
        }

        services.AddSingleton<IHostedService>(sp => new SpoolStart(sp.GetRequiredKeyedService<DeadLetterPlace>(name ?? "")));
        services.AddOptions<DashStreamOptions>(builder.OptionsName).PostConfigure<IServiceProvider>((options, sp) =>
        {
            var sink = sp.GetRequiredKeyedService<DeadLetterPlace>(name ?? "").Sink;
            options.Producer.DeadLetters ??= sink;
            options.Consumer.DeadLetters ??= sink;
        });
        return builder;
    }

    private static IDeadLetterSink MakeSink(IServiceProvider services, string? name, Func<IServiceProvider, IStreamProvider>? provider)
    {
        var options = services.GetRequiredService<IOptionsMonitor<DeadLetterOptions>>().Get(name ?? Options.Options.DefaultName);
        var own = name is null ? services.GetRequiredService<IStreamProvider>() : services.GetRequiredKeyedService<IStreamProvider>(name);
        var time = services.GetRequiredService<TimeProvider>();
        var sink = new ProviderDeadLetterSink(provider?.Invoke(services) ?? own, options, time, Log.For(services));
        return options.Spool.Folder is null ? sink : new SpoolingDeadLetterSink(sink, options.Spool, time, Log.For(services));
    }

    /// <summary>Owns the sink, so that the container disposes it once however it is asked for.</summary>
    private sealed class DeadLetterPlace(IDeadLetterSink sink) : IAsyncDisposable
    {
        public IDeadLetterSink Sink => sink;

        public ValueTask DisposeAsync() => ((IAsyncDisposable)sink).DisposeAsync();
    }

    /// <summary>Stores what an earlier process left in the spool as soon as the host starts.</summary>
    private sealed class SpoolStart(DeadLetterPlace place) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            (place.Sink as SpoolingDeadLetterSink)?.Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
