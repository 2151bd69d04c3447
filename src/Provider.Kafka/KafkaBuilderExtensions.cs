using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>
/// Chooses the Kafka provider. Settings are checked when the host starts, or else when the provider is first asked for, and everything wrong is named at once; the
/// brokers are asked for nothing until the first use. Compressing frames and batches both logs a warning.
/// </summary>
public static class KafkaBuilderExtensions
{
    /// <summary>Keeps the stream in Apache Kafka; without settings at <c>localhost:9092</c>.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseKafka(this DashStreamBuilder builder, Action<KafkaProviderOptions>? configure = null) =>
        Use(builder, section: null, configure);

    /// <summary>Keeps the stream in Apache Kafka at these servers.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="bootstrapServers"><c>HOST:PORT</c>, several parted by commas.</param>
    /// <param name="configure">Changes further settings in code.</param>
    public static DashStreamBuilder UseKafka(this DashStreamBuilder builder, string bootstrapServers, Action<KafkaProviderOptions>? configure = null) =>
        Use(builder, section: null, options =>
        {
            options.BootstrapServers = bootstrapServers;
            configure?.Invoke(options);
        });

    /// <summary>Keeps the stream in Apache Kafka, with the settings of a configuration section.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="section">Keys are those of <see cref="KafkaProviderOptions"/>, such as <c>Security:Mechanism</c> or <c>Settings:socket.timeout.ms</c>; unknown ones are refused.</param>
    public static DashStreamBuilder UseKafka(this DashStreamBuilder builder, IConfiguration section) => Use(builder, section, configure: null);

    private static DashStreamBuilder Use(DashStreamBuilder builder, IConfiguration? section, Action<KafkaProviderOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = builder.OptionsName;
        return builder.UseProvider((services, options) => Make(services, options, name), options => options.Faults(), section, configure);
    }

    private static KafkaProvider Make(IServiceProvider services, KafkaProviderOptions options, string name)
    {
        var logger = (ILogger?)services.GetService<ILoggerFactory>()?.CreateLogger("DashStream.Kafka") ?? NullLogger.Instance;
        var codec = services.GetService<IOptionsMonitor<DashStreamOptions>>()?.Get(name).Producer.Codec;
        if (options.Compression != KafkaCompression.None && codec is { CompressionEnabled: true })
        {
            KafkaLog.CompressedTwice(logger, options.Compression);
        }

        return new KafkaProvider(options, services.GetRequiredService<TimeProvider>(), logger);
    }
}
