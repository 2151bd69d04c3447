using System.Globalization;
using System.Text.Json;

namespace DashStream.Bench;

/// <summary>Where results go: artifacts/bench of the repository this was built in, or of the current folder.</summary>
internal static class ResultsFile
{
    private const string RepositoryMark = "DashStream.Providers.sln";

    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static FileInfo Default(DateTimeOffset startedAt)
    {
        var name = startedAt.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture) + ".json";
        return new FileInfo(Path.Combine(RepositoryRoot(), "artifacts", "bench", name));
    }

    public static async Task WriteAsync(FileInfo file, BenchReport report, CancellationToken cancellationToken)
    {
        file.Directory?.Create();
        await using var stream = file.Create();
        await JsonSerializer.SerializeAsync(stream, report, Readable, cancellationToken);
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, RepositoryMark)))
            {
                return folder.FullName;
            }
        }

        return Environment.CurrentDirectory;
    }
}
