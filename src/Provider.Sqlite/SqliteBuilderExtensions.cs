using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream;

/// <summary>Chooses the SQLite provider.</summary>
public static class SqliteBuilderExtensions
{
    /// <summary>Keeps the stream in an SQLite database.</summary>
    /// <param name="builder">The stream.</param>
    /// <param name="path">The database file; made when it is missing.</param>
    /// <param name="configure">Changes the settings in code.</param>
    public static DashStreamBuilder UseSqlite(this DashStreamBuilder builder, string path, Action<SqliteProviderOptions>? configure = null) =>
        Use(builder, path, section: null, configure);

    /// <summary>Keeps the stream in an SQLite database. Settings come from a configuration section.</summary>
    public static DashStreamBuilder UseSqlite(this DashStreamBuilder builder, string path, IConfiguration section) =>
        Use(builder, path, section, configure: null);

    private static DashStreamBuilder Use(DashStreamBuilder builder, string path, IConfiguration? section, Action<SqliteProviderOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return builder.UseProvider(
            (services, options) => new SqliteProvider(path, options, services.GetRequiredService<TimeProvider>()), options => options.Faults(), section, configure);
    }
}
