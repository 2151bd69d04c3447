using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream;

/// <summary>Chooses the file provider.</summary>
public static class FileBuilderExtensions
{
    /// <summary>Keeps the stream in files of a folder.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="directory">The folder; made when it is missing.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseFile(this DashStreamBuilder builder, string directory, Action<FileProviderOptions>? configure = null) =>
        Use(builder, directory, section: null, configure);

    /// <summary>Keeps the stream in files of a folder. Settings come from a configuration section.</summary>
    public static DashStreamBuilder UseFile(this DashStreamBuilder builder, string directory, IConfiguration section) =>
        Use(builder, directory, section, configure: null);

    private static DashStreamBuilder Use(DashStreamBuilder builder, string directory, IConfiguration? section, Action<FileProviderOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        return builder.UseProvider(
            (services, options) => new FileProvider(directory, options, services.GetRequiredService<TimeProvider>()), options => options.Faults(), section, configure);
    }
}
