using System.Text.Json;

namespace DashStream.Tests;

/// <summary>
/// Where tests find golden data: the trimmed copies of this repository, and the full shared files where a machine has them.
/// </summary>
internal static class GoldenData
{
    private const string SharedDataVariable = "DASHSTREAM_DATA";
    private const string SolutionFile = "DashStream.Providers.sln";

    /// <summary>A file of tests/Data.</summary>
    public static string Trimmed(params string[] path) =>
        Above().Where(folder => File.Exists(Path.Combine(folder, SolutionFile)))
            .Select(folder => Path.Combine([folder, "tests", "Data", .. path]))
            .First();

    /// <summary>A file of the shared data; ends the test as inconclusive where it is absent.</summary>
    public static string Shared(params string[] path)
    {
        var file = FindShared(path);
        if (file is null)
        {
            Assert.Inconclusive($"The shared data has no {Path.Combine(path)} on this machine. Set {SharedDataVariable} to its folder.");
        }

        return file!;
    }

    /// <summary>A file of the shared data, or null where it is absent: for tests that have something to fall back on.</summary>
    public static string? FindShared(params string[] path)
    {
        var named = Environment.GetEnvironmentVariable(SharedDataVariable);
        string[] roots = named is null ? [.. Above().Select(folder => Path.Combine(folder, "shared", "data"))] : [named];
        return roots.Select(root => Path.Combine([root, .. path])).FirstOrDefault(found => File.Exists(found) || Directory.Exists(found));
    }

    /// <summary>The objects of a JSON Lines file.</summary>
    public static IEnumerable<JsonElement> JsonLines(string file) =>
        File.ReadLines(file).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement);

    private static IEnumerable<string> Above()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
