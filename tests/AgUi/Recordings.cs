using DashStream.Tests;

namespace DashStream.AgUi.Tests;

/// <summary>The recorded AG-UI streams of the shared data.</summary>
internal static class Recordings
{
    private static readonly string[] Endings = [".jsonl", ".json", ".txt"];

    /// <summary>All files that hold a stream; ends the test as inconclusive where there are none.</summary>
    public static IReadOnlyList<string> All() =>
        [.. Directory.GetFiles(GoldenData.Shared("genai", "agui"))
            .Where(file => Endings.Contains(Path.GetExtension(file)))
            .Where(file => !Path.GetFileName(file).Contains("metadata", StringComparison.Ordinal) && !Path.GetFileName(file).Contains("null-omission", StringComparison.Ordinal))
            .Where(file => !Path.GetFileName(file).Contains("sse_streams", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];

    /// <summary>Those that are not named as invalid.</summary>
    public static IReadOnlyList<string> Good() => [.. All().Where(file => !file.Contains("-invalid-", StringComparison.Ordinal))];

    /// <summary>Those that are named as invalid, each with the code it is named for.</summary>
    public static IReadOnlyList<(string File, string Code)> Bad() =>
        [.. All().Where(file => file.Contains("-invalid-", StringComparison.Ordinal)).Select(file => (file, Path.GetFileName(file).Split("-invalid-")[1].Split('-')[0]))];

    /// <summary>All but LangGraph's recording keep the protocol to the letter; that one finishes a step that it did not start.</summary>
    public static bool IsExact(string file) => !Path.GetFileName(file).StartsWith("bench-langgraph-", StringComparison.Ordinal);

    public static byte[] Lines(params string[] lines) => System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines));
}
